import Artifacts
import Figures
import Foundation
import FoundationXML
import Tensors
import Testing

@Suite("SVG and PDF")
struct VectorTests {
  private func bars() throws -> GroupedBars {
    try GroupedBars(
      title: "Bars & <titles>", subtitle: "s", valueLabel: "v", groups: DisplayNames(["cat", "dog"], kind: "class"),
      series: [.init(name: "one", values: [(0.2, 0.05), (0.25, nil)]), .init(name: "two", values: [(0.4, nil), (.nan, nil)])])
  }

  private func cloud(_ count: Int) throws -> ScatterPlot {
    let coordinates = (0..<count).flatMap { [Float($0 % 71), Float($0 / 71)] }
    return try ScatterPlot(
      title: "Map", subtitle: "s", classNames: DisplayNames(["a", "b"], kind: "class"),
      cloud: PointCloud(points: Tensor(shape: [count, 2], coordinates), labels: (0..<count).map { Int32($0 % 2) }))
  }

  @Test("SVG is well-formed, says what it shows, and needs neither styles nor anything from elsewhere")
  func svg() throws {
    let text = try bars().svg(saying: "Two < \"three\" & more")
    let parser = XMLParser(data: Data(text.utf8))
    #expect(parser.parse(), "\(parser.parserError.map { "\($0)" } ?? "")")
    #expect(text.contains("<title>Two &lt; &quot;three&quot; &amp; more</title>") && text.contains("role=\"img\""))
    #expect(!text.contains("style=") && !text.contains("<script") && !text.contains("rgb("))
    for link in text.matches(of: #/href="([^"]*)"/#) { #expect(link.1.hasPrefix("#")) }
    // A hint for each bar that is drawn, with its value and spread; the first two colours of the bars.
    #expect(text.contains("<title>cat, one: 0.2 ± 0.05</title>") && text.contains("<title>dog, one: 0.25</title>"))
    #expect(text.contains("<title>cat, two: 0.4</title>") && !text.contains("<title>dog, two"))
    #expect(text.contains("#9db4c8") && text.contains("#bd1f01"))
  }

  @Test("names within a figure are its own, and depend on nothing else")
  func names() {
    func figure(_ surface: Int, _ width: Int) -> String {
      "<svg><clipPath id=\"clip1\"/><g id=\"surface\(surface)\" clip-path=\"url(#clip1)\"><use xlink:href=\"#g0-1\" fill=\"#9db4c8\"/>"
        + "<symbol id=\"g0-1\"/><rect width=\"\(width)\"/></g></svg>"
    }
    let first = SVGText.withOwnNames(figure(1, 5))
    #expect(first == SVGText.withOwnNames(figure(17, 5)))
    let prefix = first.dropFirst("<svg><clipPath id=\"".count).prefix(10)
    #expect(prefix.hasPrefix("f") && prefix.hasSuffix("-"))
    #expect(
      first == "<svg><clipPath id=\"\(prefix)0\"/><g id=\"\(prefix)1\" clip-path=\"url(#\(prefix)0)\"><use xlink:href=\"#\(prefix)2\""
        + " fill=\"#9db4c8\"/><symbol id=\"\(prefix)2\"/><rect width=\"5\"/></g></svg>")
    #expect(!SVGText.withOwnNames(figure(1, 6)).contains(prefix))
  }

  @Test("equal figures are equal files")
  func deterministic() throws {
    let svg = try bars().svg(saying: "x")
    #expect(try svg == bars().svg(saying: "x"))
    #expect(!svg.contains("surface") && !svg.contains("\"clip"))
    let pdf = try bars().pdf()
    #expect(try pdf == bars().pdf())
    let text = String(decoding: pdf, as: UTF8.self)
    #expect(text.hasPrefix("%PDF-") && text.contains("%%EOF") && !text.contains("CreationDate"))
  }

  @Test("marks are shapes in PDF, and in SVG as long as they are not thousands")
  func marks() throws {
    let (few, many) = (try cloud(50).svg(saying: ""), try cloud(5000).svg(saying: ""))
    // A disc is arcs alone: no line leads to it from the text drawn before.
    let discs = few.matches(of: #/<path[^>]* fill="#3f90da"[^>]* d="([^"]*)"/#)
    #expect(discs.count > 20 && discs.allSatisfy { $0.1.contains("C") && !$0.1.contains("L") })
    #expect(!few.contains("<image") && many.contains("<image") && many.contains("data:image/png;base64,"))
    #expect(many.utf8.count < 2_000_000, "\(many.utf8.count)")
    let pdf = try cloud(5000).pdf()
    #expect(!String(decoding: pdf, as: UTF8.self).contains("/Subtype /Image") && pdf.count < 1_000_000, "\(pdf.count)")
    let parser = XMLParser(data: Data(many.utf8))
    #expect(parser.parse())
  }

  @Test("every figure has all three forms")
  func forms() throws {
    let tile = CaseGrid.Tile(pixels: [UInt8](repeating: 7, count: 12), trueClass: 0)
    let figures: [any Figure] = [
      try bars(), try cloud(10),
      ScatterPanels(
        title: "t", subtitle: "s", classNames: try DisplayNames(["a"], kind: "class"),
        panels: [.init(caption: "c", cloud: PointCloud(points: Tensor(shape: [1, 2], [0, 0]), labels: [0]))]),
      LineChart(
        title: "t", subtitle: "s", horizontalLabel: "epoch", valueLabel: "loss",
        curves: [.init(name: "total", points: [.init(x: 1, value: 2, band: 1...3), .init(x: 2, value: 1, band: 1...1)])]),
      CaseGrid(
        title: "t", subtitle: "s", height: 2, width: 2, channels: 3, leading: 1, classNames: try DisplayNames(["a"], kind: "class"),
        rows: [.init(cluster: 0, mappedClass: 0, successes: [tile], failures: [tile])]),
    ]
    for figure in figures {
      let svg = try figure.svg(saying: "what")
      #expect(XMLParser(data: Data(svg.utf8)).parse() && !svg.contains("style="), "\(type(of: figure))")
      #expect(try figure.pdf().starts(with: Array("%PDF-".utf8)) && figure.draw(width: 400).width == 400)
    }
    #expect(try figures[3].svg(saying: "").contains("<title>total, epoch 1: 2 (1 to 3)</title>"))
  }
}
