import Artifacts
import Tables
import Testing

/// Student's t, the sign-flip test and Holm's correction, held against SciPy and statsmodels (Tests/oracles/statistics.py).
@Suite("Statistics")
struct StatisticsTests {
  private let oracle: JSONValue

  init() throws {
    let path = Fixtures.root.appending(path: "Tests/oracles/statistics.json").path
    oracle = try JSONValue.parse(String(decoding: AtomicFile.read(path), as: UTF8.self), file: path)
  }

  /// The cases of one kind; there must be some.
  private func cases(_ name: String, least: Int) throws -> [[JSONValue]] {
    let cases = (oracle[name]?.array ?? []).compactMap(\.array)
    try #require(cases.count >= least)
    return cases
  }

  private func numbers(_ value: JSONValue) -> [Double] { (value.array ?? []).compactMap(\.double) }

  @Test func studentsTIsSciPys() throws {
    for one in try cases("cumulative", least: 60) {
      let (t, degrees, expected) = (one[0].double ?? .nan, one[1].integer ?? 0, one[2].double ?? .nan)
      #expect(abs(StudentT.cumulative(t, degrees: degrees) - expected) < 1e-14, "P(T ≤ \(t)), \(degrees) degrees")
    }
    for one in try cases("critical", least: 40) {
      let (share, degrees, expected) = (one[0].double ?? .nan, one[1].integer ?? 0, one[2].double ?? .nan)
      #expect(abs(StudentT.critical(share: share, degrees: degrees) / expected - 1) < 1e-12, "\(share), \(degrees) degrees")
    }
  }

  @Test func intervalsAreSciPys() throws {
    for one in try cases("intervals", least: 10) {
      let interval = try #require(Spread(numbers(one[0]))?.interval)
      #expect(abs(interval.lowerBound - (one[1].double ?? .nan)) < 1e-12 && abs(interval.upperBound - (one[2].double ?? .nan)) < 1e-12)
    }
    // Fewer than five runs have none; five equal ones have one without width.
    #expect(Spread([0.1, 0.2, 0.3, 0.4])?.interval == nil && Spread([0.5])?.interval == nil)
    #expect(Spread([0.5, 0.5, 0.5, 0.5, 0.5])?.interval == 0.5...0.5)
  }

  /// Every resample in its order, one after the other.
  @Test func theBootstrapIsThatOfAllResamples() throws {
    for values in [[0.02, -0.01, 0.03, 0.005, 0.011], [1, 1, 1, 1, 1], [0.3, -0.2, 0.1, 0, 0.7, -0.4]] {
      let n = values.count
      let total = (0..<n).reduce(1) { product, _ in product * n }
      let means = (0..<total).map { number in
        var (rest, sum) = (number, 0.0)
        for _ in 0..<n { (rest, sum) = (rest / n, sum + values[rest % n]) }
        return sum / Double(n)
      }.sorted()
      let cut = Int((0.025 * Double(total)).rounded(.up)) - 1
      let interval = try #require(Bootstrap.interval(values))
      #expect(abs(interval.lowerBound - means[cut]) < 1e-12 && abs(interval.upperBound - means[total - 1 - cut]) < 1e-12, "\(values)")
    }
    #expect(Bootstrap.interval([1, 2, 3, 4]) == nil && Bootstrap.interval(Array(repeating: 0.5, count: 13)) == nil)
    #expect(Bootstrap.interval((0..<12).map { Double($0) })?.contains(5.5) == true)
  }

  @Test func theSignFlipTestIsSciPys() throws {
    for one in try cases("sign_flip", least: 20) {
      let differences = numbers(one[0])
      // Both are shares of 2ⁿ: equal, but for SciPy's halves that add up.
      #expect(abs(try #require(SignFlipTest.pValue(differences)) - (one[1].double ?? .nan)) < 1e-12, "\(differences)")
    }
  }

  /// Every way to choose signs, one after the other.
  private func plain(_ differences: [Double]) -> Double {
    let total = abs(differences.reduce(0, +))
    var extreme = 0
    for signs in 0..<(1 << differences.count) {
      let sum = differences.enumerated().reduce(0) { $0 + (signs >> $1.offset & 1 == 0 ? $1.element : -$1.element) }
      if abs(sum) >= total - 1e-9 { extreme += 1 }
    }
    return Double(extreme) / Double(1 << differences.count)
  }

  @Test func halvesThatMeetGiveWhatAllSignsGive() throws {
    // Multiples of one step: many sums are equal.
    var state: UInt64 = 1
    for count in 1...13 {
      for _ in 0..<20 {
        let differences = (0..<count).map { _ -> Double in
          state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
          return (Double(state >> 33).truncatingRemainder(dividingBy: 9) - 3) / 4000
        }
        #expect(try #require(SignFlipTest.pValue(differences)) == plain(differences), "\(differences)")
      }
    }
  }

  @Test func theTestsEnds() {
    #expect(SignFlipTest.pValue([0.2]) == 1)
    #expect(SignFlipTest.pValue([0.1, 0.2, 0.3]) == 0.25 && SignFlipTest.pValue([-0.1, -0.2, -0.3]) == 0.25)
    #expect(SignFlipTest.pValue([0, 0, 0]) == 1)
    #expect(SignFlipTest.pValue([Double](repeating: 0.01, count: 40)) == 2 / Double(1 << 40))
    #expect(SignFlipTest.pValue([Double](repeating: 0.01, count: 41)) == nil)
  }

  @Test func holmIsStatsmodels() throws {
    for one in try cases("holm", least: 8) {
      for (value, expected) in zip(Holm.corrected(numbers(one[0])), numbers(one[1])) { #expect(abs(value - expected) < 1e-14) }
    }
    #expect(Holm.corrected([]) == [])
  }

  // MARK: In tables

  private func table(_ ccr: [Double], _ other: [Double], otherSeeds: [Int]? = nil) throws -> PaperTable {
    let layout = try TableLayout([
      "title": "Effect of over-clustering", "rowHeading": "Heads", "rows": .array(Fixtures.overClustering), "columns": [Fixtures.fashion],
      "network": ["widths": [16], "blocks": [1]], "comparisons": [["method": "ccr", "against": ["ccr-nooc"]]], "remarks": [],
    ])
    return try PaperTable(
      name: "table4", profile: "quick", layout: layout, published: Fixtures.published(),
      runs: ccr.enumerated().map { Fixtures.run("ccr", $0, Fixtures.scores($1)) }
        + other.enumerated().map { Fixtures.run("ccr-nooc", otherSeeds?[$0] ?? $0, Fixtures.scores($1)) })
  }

  @Test func fewSeedsTellNothingApartAndTheNoteSaysSo() throws {
    let table = try table([0.6, 0.7, 0.65], [0.5, 0.5, 0.5])
    let comparison = try #require(table.comparisons.first { $0.metric == "ACC" })
    #expect(comparison.row == "CCR" && comparison.against == "Without over-clustering" && comparison.seeds == [0, 1, 2])
    #expect(comparison.pValue == 0.25 && comparison.corrected == 0.25 && !comparison.isApart && comparison.spread.interval == nil)
    let note = try #require(table.notes.first { $0.hasPrefix("Differences in ACC on Fashion-MNIST") })
    #expect(note.contains("CCR − Without over-clustering +0.150, p 0.250, cannot be told apart."))
    #expect(note.hasSuffix("With so few seeds no difference could reach p 0.05; it takes 6."))
    #expect(table.json["comparisons"]?.array?.first?["p"]?.double == 0.25)
  }

  @Test func enoughSeedsTellApartWhatDiffers() throws {
    let values = [0.60, 0.62, 0.64, 0.61, 0.63, 0.65]
    let table = try table(values, values.map { $0 - 0.05 })
    let comparison = try #require(table.comparisons.first { $0.metric == "ACC" })
    #expect(comparison.pValue == 2 / 64 && comparison.isApart)
    let note = try #require(table.notes.first { $0.hasPrefix("Differences") })
    #expect(note.contains("+0.050 (+0.050 to +0.050; +0.050 to +0.050), p 0.031, differ.") && !note.contains("so few"))
    #expect(table.markdown.contains("0.625 ± 0.019 (0.605, 0.645)"))
    #expect(table.notes.first?.contains("in brackets the 95 % interval") == true)
    let cell = try #require(table.json["cells"]?.array?.first { $0["row"]?.string == "CCR" })
    #expect(cell["values"]?.array?.compactMap(\.double) == values && cell["interval"]?.array?.count == 2)
    #expect(table.csv.contains(",\(values.map { JSONValue.number($0).canonical }.joined(separator: " ")),0.60"))
  }

  @Test func onlySeedsThatBothRowsHaveAreCompared() throws {
    let table = try table([0.6, 0.7], [0.5, 0.9], otherSeeds: [1, 2])
    #expect(table.comparisons.first?.seeds == [1] && table.comparisons.first?.corrected == nil)
    #expect(!table.notes.contains { $0.hasPrefix("Differences") })
    #expect(try self.table([0.6], []).comparisons.isEmpty)
  }

  @Test func comparisonsNameRows() throws {
    func layout(_ comparison: JSONValue) throws -> TableLayout {
      try TableLayout([
        "title": "t", "rowHeading": "r", "rows": .array(Fixtures.overClustering), "columns": [Fixtures.fashion],
        "network": ["widths": [16], "blocks": [1]], "comparisons": [comparison], "remarks": [],
      ])
    }
    #expect(throws: TableError.malformed(place: "layout.comparisons[0]", complaint: "no row has the method \"dcdc\"")) {
      try layout(["method": "ccr", "against": ["dcdc"]])
    }
    #expect(throws: TableError.malformed(place: "layout.comparisons[0]", complaint: "ccr is compared with itself")) {
      try layout(["method": "ccr", "against": ["ccr"]])
    }
  }
}
