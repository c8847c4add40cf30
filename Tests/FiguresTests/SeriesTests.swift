import Artifacts
import Figures
import Testing

@Suite("More curves and series than colours")
struct SeriesTests {
  @Test("styles of many series differ")
  func styles() {
    for (colours, distinct) in [(5, 60), (8, 96)] {
      let palette = (0..<colours).map { Colour(UInt32($0)) }
      #expect(Set((0..<distinct).map { SeriesStyle($0, of: palette) }).count == distinct)
    }
  }

  private func chart(_ count: Int) throws -> PNGImage {
    try LineChart(
      title: "t", subtitle: "s", horizontalLabel: "epoch", valueLabel: "loss",
      curves: (0..<count).map { number in
        .init(
          name: "curve \(number)",
          points: (0..<5).map { .init(x: Double($0), value: Double(number), band: Double(number)...Double(number)) })
      }
    ).draw(width: 800)
  }

  @Test("any number of curves is drawn, each with its name", arguments: [0, 1, 5, 6, 11, 20, 100])
  func curves(count: Int) throws {
    let picture = try chart(count)
    #expect(picture.width == 800)
    // All names find room one below the other.
    #expect(Double(picture.height) > Double(count) * 16 * 1.3 * 800 / 1200)
  }

  @Test("a curve in a colour that was used before is dashed")
  func dashes() throws {
    // Both flat: the first one unbroken, the sixth one broken.
    let picture = try LineChart(
      title: "", subtitle: "", horizontalLabel: "", valueLabel: "",
      curves: (0..<6).map { number in
        .init(
          name: "\(number)",
          points: number % 5 == 0 ? (0..<40).map { .init(x: Double($0), value: Double(1 + number), band: 0...6) } : [])
      }
    ).draw(width: 1200)
    let ink = picture.places(of: Colour(0x222222)).filter { $0.x > 110 && $0.x < 900 }
    let rows = Dictionary(grouping: ink, by: \.y).mapValues(\.count).filter { $0.value > 300 }.sorted { $0.key < $1.key }
    let (upper, lower) = (try #require(rows.first), try #require(rows.last))
    #expect(lower.key - upper.key > 100)
    #expect(Double(upper.value) < 0.8 * Double(lower.value))
  }

  @Test("any number of series of bars", arguments: [0, 1, 4, 5, 20, 40])
  func bars(count: Int) throws {
    let picture = try GroupedBars(
      title: "t", subtitle: "s", valueLabel: "v", groups: DisplayNames((0..<3).map { "group \($0)" }, kind: "class"),
      series: (0..<count).map { .init(name: "method \($0)", values: [(1, 0.1), (.nan, nil), (0, .nan)]) }
    ).draw(width: 700)
    #expect(picture.width == 700)
  }
}

@Suite("Figure 4 shows every cluster")
struct CaseGridTests {
  private func grid(_ rows: [CaseGrid.Row], labelled: Bool = true, size: (height: Int, width: Int) = (1, 1)) throws -> CaseGrid {
    CaseGrid(
      title: "t", subtitle: "s", height: size.height, width: size.width, channels: 1, leading: 1,
      classNames: labelled ? try DisplayNames(["cat", "dog"], kind: "class") : nil, rows: rows)
  }

  @Test("a row each, also for clusters without a class and without images")
  func rows() throws {
    let mapped = CaseGrid.Row(cluster: 0, mappedClass: 1, successes: [], failures: [])
    let failures = [CaseGrid.Tile(pixels: [9], trueClass: 0)]
    let unmapped = CaseGrid.Row(cluster: 7, mappedClass: nil, successes: [], failures: failures)
    func height(_ rows: [CaseGrid.Row]) throws -> Int { try grid(rows).draw(width: 800).height }
    // Heights are rounded to whole pixels.
    #expect(try abs(height([mapped, unmapped]) - 2 * height([mapped]) + height([])) <= 1)
    #expect(try height([mapped, unmapped]) > height([mapped]) + 30)
    // Number and class are part of the picture.
    let other = CaseGrid.Row(cluster: 8, mappedClass: nil, successes: [], failures: failures)
    #expect(try grid([unmapped]).draw(width: 800).pixels != grid([other]).draw(width: 800).pixels)
  }

  @Test("thousands of clusters stand in blocks side by side, at the width asked for", arguments: [200, 1000, 3000])
  func many(count: Int) throws {
    let picture = try grid((0..<count).map { .init(cluster: $0, mappedClass: $0 % 2, successes: [], failures: []) }).draw(width: 1600)
    #expect(picture.width == 1600 && picture.height <= 30_001)
  }

  @Test("no cluster at all, and images of unequal sides, are drawn without harm")
  func degenerate() throws {
    #expect(try grid([]).draw(width: 300).width == 300)
    let tall = CaseGrid.Row(cluster: 0, mappedClass: nil, successes: [.init(pixels: [UInt8](repeating: 9, count: 40))], failures: [])
    #expect(try grid([tall], labelled: false, size: (40, 1)).draw(width: 300).width == 300)
    #expect(try grid([tall], labelled: false, size: (1, 40)).draw(width: 300).width == 300)
  }
}

@Suite("Colours of a map")
struct PointColoursTests {
  private let named = Labels(values: [0, 1, -1, -1], classNames: ["cat", "dog"])
  private let unnamed = Labels(values: [-1, -1, -1, -1], classNames: [])

  @Test("classes where any mapped image has a label, else clusters, else nothing")
  func meaning() throws {
    let classes = try PointColours(named, rows: [0, 2], clusters: [5, 6], epoch: 3)
    #expect(!classes.isByCluster && classes.names.texts == ["cat", "dog"] && classes.explanation == "colour: true class")
    #expect([0, 1, 2].map(classes.number) == [0, -1, -1])
    for labels in [named, unnamed] {
      let clusters = try PointColours(labels, rows: [2, 3], clusters: [1, -1], epoch: 3)
      #expect(clusters.isByCluster && clusters.names.texts == ["cluster 0", "cluster 1"])
      #expect(clusters.explanation == "colour: cluster at epoch 3, since no image has a label")
      #expect([2, 3].map(clusters.number) == [1, -1])
    }
    let nothing = try PointColours(unnamed, rows: [0], clusters: [], epoch: 3)
    #expect(!nothing.isByCluster && nothing.explanation == "no image has a label" && nothing.number(0) == -1)
  }
}
