import Artifacts
import Figures
import Foundation
import Tensors
import Testing

extension Colour {
  /// This colour as points are drawn: 0.85 opaque on white, to one part.
  var asPoint: Colour {
    func part(_ value: UInt8) -> UInt32 { UInt32((0.85 * Double(value) + 0.15 * 255).rounded()) }
    return Colour(part(red) << 16 | part(green) << 8 | part(blue))
  }
}

extension PNGImage {
  /// The places of all pixels of this colour; blending rounds, so each part may be off by one.
  func places(of colour: Colour) -> [(x: Int, y: Int)] {
    func near(_ a: UInt8, _ b: UInt8) -> Bool { abs(Int(a) - Int(b)) <= 1 }
    return (0..<width * height).filter {
      near(pixels[3 * $0], colour.red) && near(pixels[3 * $0 + 1], colour.green) && near(pixels[3 * $0 + 2], colour.blue)
    }.map { ($0 % width, $0 / width) }
  }

  /// Width and height of the box around all pixels of a colour.
  func extent(of colour: Colour) -> (width: Int, height: Int) {
    let places = places(of: colour)
    guard let first = places.first else { return (0, 0) }
    let x = places.reduce((first.x, first.x)) { (min($0.0, $1.x), max($0.1, $1.x)) }
    let y = places.reduce((first.y, first.y)) { (min($0.0, $1.y), max($0.1, $1.y)) }
    return (x.1 - x.0 + 1, y.1 - y.0 + 1)
  }
}

@Suite("Drawing")
struct DrawingTests {
  private let names = ["zero", "one", "two"]

  private func plot(_ coordinates: [Float], _ labels: [Int32], names: [String]? = nil) throws -> PNGImage {
    try ScatterPlot(
      title: "Title", subtitle: "subtitle", classNames: DisplayNames(names ?? self.names, kind: "class"),
      cloud: PointCloud(points: Tensor(shape: [labels.count, 2], coordinates), labels: labels)
    ).draw(width: 500)
  }

  @Test("a picture has the width asked for, and equal pictures are equal bytes without times")
  func deterministic() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "figures-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let files = try ["a.png", "b.png"].map { name in
      let picture = try plot([0, 0, 1, 1, 2, 0], [0, 1, 2])
      #expect(picture.width == 500)
      try picture.write(to: folder.appending(path: name).path)
      return try Data(contentsOf: folder.appending(path: name))
    }
    #expect(files[0] == files[1])
    for chunk in ["tIME", "tEXt", "zTXt", "iTXt"] { #expect(files[0].range(of: Data(chunk.utf8)) == nil, "\(chunk)") }
  }

  @Test("both axes have one scale")
  func equalAxes() throws {
    // The corners of a square in one colour, points further out left and right in another.
    let picture = try plot([0, 0, 4, 0, 0, 4, 4, 4, -3, 2, 7, 2], [0, 0, 0, 0, 1, 1])
    let (width, height) = picture.extent(of: Palette.colours[0].asPoint)
    // Antialiased rims may take or give a pixel on each side.
    #expect(abs(width - height) <= 2, "\(width) × \(height)")
    #expect(width > 100)
  }

  @Test("points that are no numbers, one point and none are drawn without harm")
  func degenerate() throws {
    #expect(try plot([.nan, 0, 1, .infinity, 0, 0], [0, 1, 2]).width == 500)
    #expect(try plot([3, 3], [0]).width == 500)
    #expect(try plot([5, 5, 5, 5], [0, 1]).width == 500)
    let empty = PointCloud(points: Tensor(zeros: [0, 2]), labels: [])
    #expect(
      try ScatterPlot(title: "t", subtitle: "", classNames: DisplayNames(names, kind: "class"), cloud: empty).draw(width: 300).width == 300)
  }

  @Test("without labels all points have one colour that no class has")
  func unlabelled() throws {
    let picture = try plot([0, 0, 1, 1, 2, 0], [-1, -1, -1])
    #expect(!picture.places(of: Palette.unlabelled.colour.asPoint).isEmpty)
    for colour in Palette.colours { #expect(picture.places(of: colour).isEmpty && picture.places(of: colour.asPoint).isEmpty) }
  }

  @Test("two hundred classes have two hundred colours around a circle of hues")
  func manyClasses() throws {
    let labels = (0..<200).map { Int32($0) }
    let coordinates = labels.flatMap { [Float($0 % 20), Float($0 / 20)] }
    let picture = try plot(coordinates, labels, names: labels.map { "class \($0)" })
    let colours = (0..<200).map { Palette.wheel($0, of: 200).colour }
    #expect(Set(colours).count == 200)
    for colour in colours { #expect(!picture.places(of: colour.asPoint).isEmpty) }
  }

  @Test("bars start at zero and are as high as their values")
  func bars() throws {
    let picture = try GroupedBars(
      title: "t", subtitle: "s", valueLabel: "v", groups: DisplayNames(["a"], kind: "class"),
      series: [.init(name: "one", values: [(0.2, nil)]), .init(name: "two", values: [(0.4, nil)])]
    ).draw(width: 1200)
    // Series colours; the legend's boxes are 16 pixels high and far above.
    let low = picture.places(of: Colour(0x9db4c8)).map(\.y), high = picture.places(of: Colour(0xbd1f01)).map(\.y)
    let bottom = try #require(low.max())
    #expect(abs(bottom - (high.max() ?? 0)) <= 1)
    func height(_ colour: Colour) -> Int {
      let column = picture.places(of: colour).filter { $0.y > 120 }
      return Dictionary(grouping: column, by: \.x).values.map(\.count).max() ?? 0
    }
    #expect(abs(2 * height(Colour(0x9db4c8)) - height(Colour(0xbd1f01))) <= 3)
  }

  @Test("images are enlarged without blur, between frames that tell right from wrong")
  func cases() throws {
    // A pattern of two saturated colours that occur nowhere else.
    let pixels: [UInt8] = [255, 0, 255, 0, 255, 255, 0, 255, 255, 255, 0, 255]
    let picture = try CaseGrid(
      title: "t", subtitle: "s", height: 2, width: 2, channels: 3, leading: 1, classNames: DisplayNames(["x"], kind: "class"),
      rows: [
        .init(cluster: 0, mappedClass: 0, successes: [.init(pixels: pixels[...])], failures: [.init(pixels: pixels[...], trueClass: 0)])
      ]
    ).draw(width: 900)
    let magenta = picture.places(of: Colour(0xff00ff)).count, cyan = picture.places(of: Colour(0x00ffff)).count
    #expect(magenta > 1000)
    #expect(Double(abs(magenta - cyan)) < 0.1 * Double(magenta))
    #expect(picture.extent(of: Colour(0x2b8a3e)).width > 100)
    #expect(picture.extent(of: Colour(0xc92a2a)).width > 100)
    let plain = try CaseGrid(
      title: "t", subtitle: "s", height: 2, width: 2, channels: 3, leading: 1, classNames: nil,
      rows: [.init(cluster: 0, mappedClass: nil, successes: [.init(pixels: pixels[...])], failures: [])]
    ).draw(width: 900)
    #expect(plain.places(of: Colour(0xff00ff)).count > 1000)
    #expect(plain.places(of: Colour(0x2b8a3e)).isEmpty && plain.places(of: Colour(0xc92a2a)).isEmpty)
  }

  @Test("panels: as many frames as maps")
  func panels() throws {
    let cloud = PointCloud(points: Tensor(shape: [3, 2], [0, 0, 1, 1, 2, 0]), labels: [0, 1, 2])
    func height(_ count: Int) throws -> Int {
      try ScatterPanels(
        title: "t", subtitle: "s", classNames: DisplayNames(names, kind: "class"),
        panels: (0..<count).map { .init(caption: "panel \($0)", cloud: cloud) }
      ).draw(width: 600).height
    }
    #expect(try height(2) < height(3))
    #expect(try height(3) == height(4))
  }

  @Test("an impossible size is an error with a remedy, not a crash")
  func impossibleSize() throws {
    #expect(throws: FigureError.self) {
      try ScatterPlot(
        title: "t", subtitle: "", classNames: DisplayNames([], kind: "class"), cloud: PointCloud(points: Tensor(zeros: [0, 2]), labels: [])
      ).draw(
        width: 60_000)
    }
  }
}

@Suite("Axes")
struct AxisTests {
  @Test(
    "round steps that hold all values",
    arguments: [
      (0.43, 6, ["0.0", "0.1", "0.2", "0.3", "0.4", "0.5"]), (0.12, 6, ["0.00", "0.02", "0.04", "0.06", "0.08", "0.10", "0.12"]),
      (0.9, 6, ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]), (37, 5, ["0", "10", "20", "30", "40"]),
      (6e-5, 6, ["0.00000", "0.00001", "0.00002", "0.00003", "0.00004", "0.00005", "0.00006"]),
      (3e-9, 3, ["0", "1e-09", "2e-09", "3e-09"]),
      (2e7, 2, ["0", "1e+07", "2e+07"]), (1, 5, ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]),
    ])
  func ticks(highest: Double, steps: Int, labels: [String]) {
    let axis = Axis(holding: 0...highest, steps: steps)
    #expect(axis.ticks.map(axis.label) == labels)
    #expect(axis.share(highest) <= 1)
  }
}

@Suite("Curves")
struct LineChartTests {
  private func chart(_ points: [LineChart.Point]) throws -> PNGImage {
    try LineChart(
      title: "t", subtitle: "s", horizontalLabel: "epoch", valueLabel: "loss", curves: [.init(name: "one", points: points)]
    ).draw(width: 600)
  }

  @Test("values that are no numbers are left out, and no curve at all is drawn without harm")
  func degenerate() throws {
    let good = LineChart.Point(x: 1, value: 2, band: 1...3)
    let same = try chart([good]).pixels
    let isEqual = try chart([good, .init(x: 2, value: .nan, band: 0...1), .init(x: 3, value: 1, band: 0...(.infinity))]).pixels == same
    #expect(isEqual)
    #expect(try chart([]).width == 600)
  }

  @Test("a wider band covers more")
  func band() throws {
    func ink(_ spread: Double) throws -> Int {
      try chart((1...5).map { .init(x: Double($0), value: 2, band: (2 - spread)...(2 + spread)) } + [.init(x: 5, value: 2, band: 0...4)])
        .pixels.filter { $0 != 255 }.count
    }
    #expect(try ink(1) > ink(0.2))
  }

  @Test(
    "whole numbers on the horizontal axis",
    arguments: [(1.0, 3.0, [1.0, 2, 3]), (1, 200, [20, 40, 60, 80, 100, 120, 140, 160, 180, 200])])
  func places(first: Double, last: Double, places: [Double]) {
    #expect(Axis.places(first...last, most: 12) == places)
  }
}
