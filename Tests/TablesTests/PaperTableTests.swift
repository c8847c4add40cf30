import Artifacts
import Tables
import Testing

/// Sums of a few doubles between 0 and 1 in another order.
private let rounding = 1e-12

@Suite("Tables from scores")
struct PaperTableTests {
  @Test("mean and sample standard deviation over seeds, at the last epoch")
  func spread() throws {
    let cell = try #require(try Fixtures.table4().cell("CCR", "fashion-mnist", "ACC"))
    #expect(abs(try #require(cell.spread?.mean) - 0.6) < rounding)
    #expect(abs(try #require(cell.spread?.deviation) - 0.1) < rounding)
    #expect(cell.seeds == [0, 1, 2])
    #expect(cell.published == 0.716)
    #expect(cell.sources.map(\.instance) == (0...2).map { "evaluate[dataset=fashion-mnist,method=ccr,seed=\($0)]" })
  }

  @Test("a layout may ask for the mean over the last kept epochs, of which there may be fewer")
  func averaged() throws {
    let layout = try TableLayout([
      "title": "t", "rowHeading": "r", "rows": .array(Fixtures.overClustering), "columns": [Fixtures.fashion], "averagedEpochs": 2,
      "network": ["widths": [16], "blocks": [1]], "remarks": [], "comparisons": [["method": "ccr", "against": ["ccr-nooc"]]],
    ])
    let table = try PaperTable(
      name: "table4", profile: "quick", layout: layout, published: Fixtures.published(),
      runs: [
        Fixtures.run("ccr", 0, Fixtures.scores(0.6, best: 0.7)), Fixtures.run("ccr-nooc", 0, Fixtures.scores(0.5, epoch: 0)),
      ])
    let cell = try #require(table.cell("CCR", "fashion-mnist", "ACC"))
    #expect(abs(try #require(cell.spread?.mean) - 0.65) < rounding && cell.best == 0.7)
    #expect(abs(try #require(cell.values.first ?? nil) - 0.65) < rounding)
    #expect(abs(try #require(table.cell("CCR", "fashion-mnist", "ARI")?.spread?.mean) - 0.35) < rounding)
    #expect(table.cell("Without over-clustering", "fashion-mnist", "ACC")?.spread?.mean == 0.5)
    #expect(abs(try #require(table.comparisons.first?.differences.first) - 0.15) < rounding)
    #expect(table.notes.contains { $0.contains("Computed values: mean of epochs 2, 4, chosen without labels") })
  }

  @Test("the untrained network is no epoch to average over, unless it is all there is")
  func averagedWithoutTheStart() throws {
    let layout = try TableLayout([
      "title": "t", "rowHeading": "r", "rows": .array(Fixtures.overClustering), "columns": [Fixtures.fashion], "averagedEpochs": 3,
      "network": ["widths": [16], "blocks": [1]], "remarks": [],
    ])
    let table = try PaperTable(
      name: "table4", profile: "quick", layout: layout, published: Fixtures.published(),
      runs: [
        Fixtures.run("ccr", 0, Fixtures.scores(0.6, best: 0.7, keepsStart: true)),
        Fixtures.run("ccr-nooc", 0, Fixtures.scores(0.5, epoch: 0)),
      ])
    #expect(abs(try #require(table.cell("CCR", "fashion-mnist", "ACC")?.spread?.mean) - 0.65) < rounding)
    #expect(table.cell("Without over-clustering", "fashion-mnist", "ACC")?.spread?.mean == 0.5)
    #expect(table.notes.contains { $0.contains("Computed values: mean of epochs 2, 4, chosen without labels") })
  }

  @Test("pairs of as many, but of other seeds are not said to share them")
  func seedsOfPairs() throws {
    let layout = try TableLayout([
      "title": "t", "rowHeading": "r",
      "rows": .array(Fixtures.overClustering + [["label": "DCDC", "method": "dcdc"]]),
      "columns": [Fixtures.fashion], "network": ["widths": [16], "blocks": [1]], "remarks": [],
      "comparisons": [["method": "ccr", "against": ["ccr-nooc", "dcdc"]]],
    ])
    func note(_ without: [Int], _ dcdc: [Int]) throws -> String {
      let runs = [("ccr", [0, 1, 2]), ("ccr-nooc", without), ("dcdc", dcdc)].flatMap { method, seeds in
        seeds.map { Fixtures.run(method, $0, Fixtures.scores(0.5 + 0.01 * Double($0))) }
      }
      let table = try PaperTable(name: "table4", profile: "quick", layout: layout, published: Fixtures.published(), runs: runs)
      return try #require(table.notes.first { $0.hasPrefix("Differences in ACC") })
    }
    #expect(try note([0, 1], [0, 1]).contains("over the same seeds (0, 1):"))
    #expect(try note([0, 1], [1, 2]).contains("over the same seeds (each pair's own):"))
  }

  @Test("the best run is chosen by ACC and keeps its own NMI and ARI")
  func best() throws {
    let table = try Fixtures.table4()
    #expect(table.cell("CCR", "fashion-mnist", "ACC")?.best == 0.72)
    #expect(abs(try #require(table.cell("CCR", "fashion-mnist", "NMI")?.best) - 0.62) < rounding)
  }

  @Test("a single run has no spread; none has no mean")
  func fewRuns() throws {
    #expect(Spread([]) == nil)
    #expect(Spread([0.25])?.deviation == nil)
    let cell = try #require(try Fixtures.table4().cell("Without over-clustering", "fashion-mnist", "ACC"))
    #expect(cell.spread == nil && cell.best == nil && cell.sources.isEmpty && cell.published == 0.654)
  }

  @Test("notes say budget, seeds and spread as the scores have them")
  func notes() throws {
    let notes = try Fixtures.table4().notes.joined(separator: "\n")
    #expect(notes.contains("mean ± sample standard deviation over 3 seeds (0, 1, 2)"))
    #expect(notes.contains("Fashion-MNIST: 2,500 images scored, 4 epochs; residual networks have"))
    #expect(notes.contains("stages of 16, 32 channels"))
    #expect(notes.contains("the kept epochs (2, 4)"))
    #expect(notes.contains("Computed values: last epoch") && notes.contains("NMI is divided by the geometric mean"))
    #expect(notes.contains("its CIFAR-10 numbers stand beside it and are no target"))
    #expect(notes.contains("Not part of this profile, published values only: Without over-clustering."))
    let other = try PaperTable(
      name: "table4", profile: "quick", layout: Fixtures.layout(Fixtures.overClustering), published: Fixtures.published(),
      runs: [
        Fixtures.run("ccr", 5, Fixtures.scores(0.6, epoch: 9, images: 777)),
        Fixtures.run("ccr-nooc", 5, Fixtures.scores(0.5, epoch: 9, images: 777)),
      ]
    ).notes.joined(separator: "\n")
    #expect(other.contains("one seed (5), so no spread is known"))
    #expect(other.contains("777 images scored, 9 epochs"))
    #expect(!other.contains("Not part of this profile"))
  }

  @Test("values of the paper's own data sets are called reproduced, all others computed")
  func reproduced() throws {
    func first(_ columns: [JSONValue]) throws -> String? {
      try PaperTable(
        name: "table4", profile: "quick", layout: Fixtures.layout(Fixtures.overClustering, columns: columns),
        published: Fixtures.published(),
        runs: [Fixtures.run("ccr", 0, Fixtures.scores(0.5), dataset: "cifar-10"), Fixtures.run("ccr", 0, Fixtures.scores(0.5))]
      ).notes.first
    }
    let papers: JSONValue = ["dataset": "cifar-10", "label": "CIFAR-10", "published": "cifar-10"]
    #expect(try first([papers])?.hasPrefix("Reproduced values") == true)
    #expect(try first([Fixtures.fashion])?.hasPrefix("Computed values") == true)
    #expect(try first([papers, Fixtures.fashion])?.hasPrefix("Computed values") == true)
  }

  @Test("seeds against rows")
  func seedsAgainstRows() throws {
    let table = try PaperTable(
      name: "table4", profile: "quick", layout: Fixtures.layout(Fixtures.overClustering), published: Fixtures.published(),
      runs: [
        Fixtures.run("ccr", 0, Fixtures.scores(0.5)), Fixtures.run("ccr", 1, Fixtures.scores(0.7)),
        Fixtures.run("ccr-nooc", 0, Fixtures.scores(0.55)), Fixtures.run("ccr-nooc", 1, Fixtures.scores(0.57)),
      ])
    #expect(
      table.notes.contains {
        $0.hasPrefix("Seeds of one row differ by up to 0.200 in ACC, the means of the rows by up to 0.040. Whether")
      })
  }

  @Test("footnotes get letters in the order in which the table meets them")
  func footnotes() throws {
    let published = try Fixtures.published()
    let rows = try published.rows(of: "table1").map {
      ["label": .string($0.name), "method": .null, "published": .string($0.key)] as JSONValue
    }
    let tiny: JSONValue = ["dataset": "tiny-imagenet", "label": "Tiny-ImageNet", "published": "tiny-imagenet"]
    let table = try PaperTable(
      name: "table1", profile: "paper", layout: Fixtures.layout(rows, columns: [tiny]), published: published, runs: [])
    #expect(table.footnotes.map(\.letter) == ["a", "b", "c", "d", "e", "f", "g"])
    #expect(["DAC", "DCCM", "PICA"].map { table.cell($0, "tiny-imagenet", "ARI")?.footnote } == ["g", "g", "g"])
    #expect(table.cell("DAC", "tiny-imagenet", "NMI")?.footnote == nil)
    #expect(table.footnotes.first { $0.letter == "g" }?.text.contains("one row too low") == true)
    let elsewhere = try PaperTable(name: "table1", profile: "quick", layout: Fixtures.layout(rows), published: published, runs: [])
    #expect(!elsewhere.footnotes.contains { $0.text.contains("one row too low") })
  }

  @Test("a training that diverged stands in its row as such, and in a note with its reason")
  func diverged() throws {
    func table(_ seeds: [Int], diverged: [Int]) throws -> PaperTable {
      try PaperTable(
        name: "table4", profile: "quick", layout: Fixtures.layout(Fixtures.overClustering), published: Fixtures.published(),
        runs: seeds.map { Fixtures.run("ccr", $0, Fixtures.scores(0.6)) },
        diverged: diverged.map {
          DivergedRun(method: "ccr", dataset: "fashion-mnist", seed: $0, reason: "train[seed=\($0)]: training diverged in epoch 2")
        })
    }
    let none = try table([], diverged: [0, 1])
    #expect(none.cell("CCR", "fashion-mnist", "ACC")?.diverged == [0, 1])
    #expect(none.markdown.contains("| diverged | diverged | diverged | diverged |") && none.latex.contains("& diverged & diverged"))
    #expect(none.notes.contains { $0.contains("train[seed=0]: training diverged in epoch 2; train[seed=1]: training diverged") })
    #expect(!none.notes.contains { $0.contains("Not part of this profile, published values only:") && $0.contains("CCR") })
    let some = try table([0, 2], diverged: [1])
    let cell = try #require(some.cell("CCR", "fashion-mnist", "ACC"))
    #expect(cell.seeds == [0, 2] && cell.diverged == [1] && cell.spread?.mean == 0.6)
    #expect(!some.markdown.contains("| diverged") && some.notes.contains { $0.contains("The other seeds of these rows count alone.") })
    #expect(some.json["cells"]?.array?.last?["diverged"] == [1] && some.csv.contains("diverged\r\n"))
    #expect(try !Fixtures.table4().markdown.contains("diverged"))
  }

  @Test("a note says which way was taken where a method has several")
  func ways() throws {
    func scores(_ remarks: String?) -> Scores {
      let metrics = Scores.Metrics(epoch: 0, accuracy: 0.5, nmi: 0.5, nmiArithmetic: 0.5, ari: 0.5)
      return Scores(
        last: metrics, best: metrics, epochs: [metrics], images: 4, verified: true, classNames: ["a", "b"], confusion: [[2, 0], [0, 2]],
        clusterClasses: [0, 1], varianceByClass: [], varianceByCluster: [], cases: [], remarks: remarks)
    }
    func notes(_ remarks: String?...) throws -> [String] {
      try PaperTable(
        name: "table1", profile: "own",
        layout: Fixtures.layout(
          [["label": "SC", "method": "sc"]], columns: [["dataset": "mine", "label": "Mine", "published": .null]]),
        published: Fixtures.published(), runs: remarks.enumerated().map { Fixtures.run("sc", $0, scores($1), dataset: "mine") }
      ).notes
    }
    #expect(try notes("affinities of all pairs", "affinities of all pairs").contains("SC on Mine: affinities of all pairs."))
    #expect(try notes("50 neighbours", "60 neighbours").contains("SC on Mine: 50 neighbours; 60 neighbours."))
    #expect(try !notes(nil).contains { $0.hasPrefix("SC") })
  }

  @Test("a data set of one's own shows the methods that ran, without the paper's numbers and notes; dashes where it has no labels")
  func unlabelled() throws {
    let none = Scores.Metrics(epoch: 4, accuracy: nil, nmi: nil, nmiArithmetic: nil, ari: nil)
    let scores = Scores(
      last: none, best: none, epochs: [none], images: 0, verified: false, classNames: [], confusion: [[], []], clusterClasses: [-1, -1],
      varianceByClass: [], varianceByCluster: [0.1, 0.2], cases: [])
    let table = try PaperTable(
      name: "table4", profile: "own",
      layout: Fixtures.layout(Fixtures.overClustering, columns: [["dataset": "mine", "label": "Mine", "published": .null]]),
      published: Fixtures.published(), runs: [0, 1].map { Fixtures.run("ccr", $0, scores, dataset: "mine") })
    #expect(table.cells.allSatisfy { $0.spread == nil && $0.best == nil && $0.published == nil && $0.footnote == nil })
    #expect(table.cell("CCR", "mine", "ACC")?.sources.count == 2)
    #expect(
      table.markdown.contains("| Heads |  ACC |  NMI |  ARI | best ACC |\n")
        && table.markdown.contains("| CCR   |    — |    — |    — |        — |\n"))
    #expect(!table.markdown.contains("Without") && table.footnotes.isEmpty)
    let notes = table.notes.joined(separator: "\n")
    #expect(notes.contains("No scores, since its images have no labels: Mine.") && notes.contains("Mine: unlabelled images, 4 epochs"))
    #expect(notes.contains("The original files were not held against official checksums: Mine."))
    #expect(try !Fixtures.table4().notes.contains { $0.contains("checksums") })
    #expect(!notes.contains("aper") && !notes.contains("best ACC") && !notes.contains("standard deviation") && !notes.contains("ublished"))
    #expect(table.json["columns"]?.array?.first?["published"] == .null)
    #expect(table.latex.contains("CCR & --- & --- & --- & --- \\\\\n") && !table.latex.contains("published"))
  }

  @Test(
    "a row of one's own has no published values: dashes in the tables, empty fields in CSV, null in JSON",
    arguments: [
      ["label": "CCR, temperature 1", "method": "ccr-t1", "published": .null], ["label": "CCR, temperature 1", "method": "ccr-t1"],
    ] as [JSONValue])
  func unpublished(row: JSONValue) throws {
    let table = try PaperTable(
      name: "table4", profile: "quick", layout: Fixtures.layout(Fixtures.overClustering + [row]), published: Fixtures.published(),
      runs: [Fixtures.run("ccr-t1", 0, Fixtures.scores(0.625)), Fixtures.run("ccr", 0, Fixtures.scores(0.5))])
    let cell = try #require(table.cell("CCR, temperature 1", "fashion-mnist", "ACC"))
    #expect(cell.spread?.mean == 0.625 && cell.published == nil && cell.footnote == nil)
    #expect(table.markdown.contains("| CCR, temperature 1      | 0.625 | 0.525 | 0.325 |    0.625 |                        — |"))
    #expect(table.latex.contains("    CCR, temperature 1 & 0.625 & 0.525 & 0.325 & 0.625 & --- & --- & --- \\\\\n"))
    #expect(table.csv.contains("table4,quick,\"CCR, temperature 1\",fashion-mnist,ACC,0.625,,0.625,0,,cifar-10,,0.625,,,\r\n"))
    #expect(table.json["cells"]?.array?.last?["published"] == .null)
    #expect(table.notes.contains("Not in the paper, hence without published values: CCR, temperature 1."))
    let idle = try PaperTable(
      name: "table4", profile: "quick", layout: Fixtures.layout(Fixtures.overClustering + [row]), published: Fixtures.published(), runs: [])
    #expect(
      idle.notes.contains("Not in the paper, hence without published values: CCR, temperature 1 (not part of this profile either)."))
  }

  @Test("contradictions between layout, published numbers and scores are refused")
  func contradictions() throws {
    let published = try Fixtures.published()
    func build(_ rows: [JSONValue], _ runs: [ScoredRun] = []) throws -> PaperTable {
      try PaperTable(name: "table4", profile: "quick", layout: Fixtures.layout(rows), published: published, runs: runs)
    }
    #expect(throws: TableError.unlistedRows(table: "table4", rows: ["Without over-clustering"])) {
      try build([Fixtures.overClustering[1]])
    }
    #expect(throws: TableError.unprintedRow(place: "layout.rows[2]", table: "table4", key: "dec", nearest: nil)) {
      try build(Fixtures.overClustering + [["label": "DEC", "method": .null, "published": "dec"]])
    }
    let misspelt = TableError.unprintedRow(place: "layout.rows[1]", table: "table4", key: "crr", nearest: "ccr")
    #expect(throws: misspelt) { try build([Fixtures.overClustering[0], ["label": "CCR", "method": "ccr", "published": "crr"]]) }
    #expect(misspelt.problem.contains("did you mean \"ccr\"?") && misspelt.remedy.contains("leave it out"))
    #expect(
      throws: TableError.malformed(
        place: "layout.rows[0]", complaint: "\"Mine\" has neither \"method\" nor \"published\", so it would be empty")
    ) { try build([["label": "Mine", "method": .null]]) }
    #expect(throws: TableError.malformed(place: "layout.rows[2]", complaint: "there is another row \"CCR\"")) {
      try build(Fixtures.overClustering + [["label": "CCR", "method": "ccr-t1"]])
    }
    #expect(throws: TableError.malformed(place: "layout.columns[1]", complaint: "there is another column for \"fashion-mnist\"")) {
      try Fixtures.layout(Fixtures.overClustering, columns: [Fixtures.fashion, Fixtures.fashion])
    }
    #expect(throws: TableError.homelessScores(instance: "evaluate[dataset=fashion-mnist,method=kmeans,seed=0]", table: "table4")) {
      try build(Fixtures.overClustering, [Fixtures.run("kmeans", 0, Fixtures.scores(0.5, epoch: 0))])
    }
    let elsewhere = try build(Fixtures.overClustering, [Fixtures.run("ccr", 0, Fixtures.scores(0.5), dataset: "stl-10")])
    #expect(elsewhere.cells.allSatisfy { $0.sources.isEmpty })
  }

  @Test("a layout of another form is refused with the place and the nearest spelling")
  func malformedLayouts() throws {
    #expect(throws: TableError.malformed(place: "layout", complaint: "there is no \"titel\" here; did you mean \"title\"?")) {
      try TableLayout(["titel": "x"])
    }
    #expect(throws: TableError.malformed(place: "layout", complaint: "\"title\" is missing")) { try TableLayout(.object([])) }
    #expect(throws: TableError.malformed(place: "layout.rows[0]", complaint: "\"label\" must be a string, not an integer")) {
      try Fixtures.layout([["label": 3, "method": .null, "published": "ccr"]])
    }
    #expect(throws: TableError.malformed(place: "layout", complaint: "must be an object, not an array")) { try TableLayout([]) }
  }
}
