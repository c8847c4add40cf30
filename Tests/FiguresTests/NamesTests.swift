import Artifacts
import Figures
import Foundation
import Tensors
import Testing

/// Class names as users have them: short, long, alike at the beginning, empty, in scripts that DejaVu Sans has and has not.
enum AnyNames {
  static let kinds = ["short", "long", "alike", "empty", "scripts", "broken"]

  static func names(_ kind: String, _ count: Int) -> [String] {
    (0..<count).map { number in
      switch kind {
      case "short": "\(number)"
      case "long": String(repeating: "W", count: 1 + 199 * number / max(count - 1, 1))
      case "alike": String(repeating: "the same long beginning ", count: 8) + "\(number)"
      case "empty": number % 2 == 0 ? "" : " "
      case "scripts":
        ["fox 🦊 \(number)", "日本語", "חתול", "قطة", "γάτα \(number)", "кот \(number)", "👩‍👩‍👧", "e\u{301}te\u{301} \(number)"][number % 8]
      default: "line\nbreak\u{0}\t\(number)\u{200f}"
      }
    }
  }

  static let counts = [1, 2, 10, 11, 20, 100, 200]
}

@Suite("Names of any length and script")
struct NamesTests {
  private func names(_ kind: String, _ count: Int) throws -> DisplayNames {
    try DisplayNames(AnyNames.names(kind, count), kind: "class")
  }

  @Test("in a given width every name fits and differs from the others", arguments: AnyNames.kinds, AnyNames.counts)
  func fitted(kind: String, count: Int) throws {
    let canvas = try Canvas.ruler()
    for width in [60.0, 190] {
      let shown = try names(kind, count).fitted(canvas, size: 16, width: width)
      #expect(shown.count == count && Set(shown).count == count)
      for name in shown { #expect(!name.isEmpty && canvas.textWidth(name, size: 16) <= width, "\(name)") }
    }
  }

  @Test("short names stay, long ones end with an ellipsis, those that would look alike begin with their number")
  func shortened() throws {
    let canvas = try Canvas.ruler()
    #expect(try names("short", 3).fitted(canvas, size: 16, width: 60) == ["0", "1", "2"])
    let long = try DisplayNames(["fox", String(repeating: "a", count: 200)], kind: "class").fitted(canvas, size: 16, width: 100)
    #expect(long[0] == "fox" && long[1].hasPrefix("aaa") && long[1].hasSuffix("a…"))
    let alike = try names("alike", 2).fitted(canvas, size: 16, width: 200)
    #expect(alike[0].hasPrefix("0: the same") && alike[1].hasPrefix("1: the same") && alike.allSatisfy { $0.hasSuffix("…") })
  }

  @Test("what cannot be set is a box with a warning, and a name of nothing else its number")
  func scripts() throws {
    let names = try DisplayNames(["fox 🦊", "日本語", "", "\n\t", "γάτα", "ete\u{301}", "a\nb\u{200b}c", "שלום"], kind: "class")
    #expect(names.texts == ["fox □", "class 1", "class 2", "class 3", "γάτα", "eté", "a bc", "class 7"])
    let warning = try #require(names.warnings.first)
    #expect(names.warnings.count == 1 && warning.contains("class 0 (fox 🦊), 1 (日本語), 7 (שלום)"))
    #expect(try DisplayNames(["Ankle boot", "кот", "é", "50 % → 1"], kind: "class").warnings.isEmpty)
  }

  @Test("a map keeps its width and its square", arguments: AnyNames.kinds, AnyNames.counts)
  func sfoxter(kind: String, count: Int) throws {
    let labels = (0..<count).map { Int32($0) }
    let cloud = PointCloud(points: Tensor(shape: [count, 2], labels.flatMap { [Float($0 % 20), Float($0 / 20)] }), labels: labels)
    let plot = try ScatterPlot(title: "title", subtitle: "s", classNames: names(kind, count), cloud: cloud).draw(width: 1000)
    let short = try ScatterPlot(title: "title", subtitle: "s", classNames: names("short", count), cloud: cloud).draw(width: 1000)
    #expect(plot.width == 1000)
    #expect(plot.extent(of: Colour(0xc8c8c8)).width == short.extent(of: Colour(0xc8c8c8)).width)
  }

  @Test("a grid of cases keeps its width and its pictures nine tenths of their size", arguments: AnyNames.kinds, AnyNames.counts)
  func cases(kind: String, count: Int) throws {
    func area(_ names: DisplayNames) throws -> Int {
      let magenta: [UInt8] = [255, 0, 255]
      let tiles = (0..<10).map { _ in CaseGrid.Tile(pixels: magenta) }
      let failures = (0..<10).map { CaseGrid.Tile(pixels: [0, 0, 255], trueClass: $0 % count) }
      let grid = CaseGrid(
        title: "t", subtitle: "s", height: 1, width: 1, channels: 3, leading: 5, classNames: names,
        rows: (0..<count).map { .init(cluster: $0, mappedClass: $0, successes: $0 == 0 ? tiles : [], failures: $0 == 0 ? failures : []) })
      let picture = try grid.draw(width: 800)
      #expect(picture.width == 800)
      return picture.places(of: Colour(0xff00ff)).count
    }
    #expect(try Double(area(names(kind, count))) > 0.81 * Double(area(names("short", count))))
  }

  @Test("bars keep their width, all groups are named", arguments: AnyNames.kinds, AnyNames.counts)
  func bars(kind: String, count: Int) throws {
    let picture = try GroupedBars(
      title: "t", subtitle: "s", valueLabel: "v", groups: names(kind, count),
      series: [.init(name: "one", values: (0..<count).map { _ in (0.5, 0.1) })]
    ).draw(width: 900)
    #expect(picture.width == 900)
    // A row of bars for every 46 groups, each with an axis of its own.
    let left = picture.places(of: Colour(0x9db4c8)).map(\.x)
    #expect(try #require(left.min()) < 260 && (try #require(left.max())) > 560)
  }

  @Test("long titles, series and curves stay on the sheet")
  func longWords() throws {
    let word = String(repeating: "W", count: 200)
    let values: [(mean: Double, deviation: Double?)] = [(1, nil)]
    let bars = try GroupedBars(
      title: word, subtitle: word, valueLabel: "v", groups: DisplayNames([word], kind: "class"),
      series: (0..<3).map { _ in .init(name: word, values: values) }
    ).draw(width: 600)
    let chart = try LineChart(
      title: word, subtitle: word, horizontalLabel: "epoch", valueLabel: "loss",
      curves: (0..<3).map { .init(name: word, points: [.init(x: 0, value: Double($0), band: 0...3), .init(x: 9, value: 1, band: 0...3)]) }
    ).draw(width: 600)
    for picture in [bars, chart] {
      #expect(picture.width == 600)
      // The margins are white.
      let rim = (0..<picture.height).flatMap { y in [0, 1, 2, 597, 598, 599].map { picture.pixels[3 * (y * 600 + $0)] } }
      #expect(rim.allSatisfy { $0 == 255 })
    }
  }
}
