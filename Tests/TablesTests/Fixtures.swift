import Artifacts
import Foundation
import Tables

/// The files of the repository and scores made up for these tests.
enum Fixtures {
  static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  static func published() throws -> PublishedNumbers { try PublishedNumbers(path: root.appending(path: "data/published.json").path) }

  static func pipeline() throws -> JSONValue {
    let path = root.appending(path: "pipeline.json").path
    return try JSONValue.parse(String(decoding: AtomicFile.read(path), as: UTF8.self), file: path)
  }

  static func scores(_ accuracy: Double, epoch: Int = 4, best: Double? = nil, images: Int = 2500, keepsStart: Bool = false) -> Scores {
    func metrics(_ accuracy: Double, _ epoch: Int) -> Scores.Metrics {
      Scores.Metrics(epoch: epoch, accuracy: accuracy, nmi: accuracy - 0.1, nmiArithmetic: accuracy - 0.2, ari: accuracy - 0.3)
    }
    let (last, top) = (metrics(accuracy, epoch), metrics(best ?? accuracy, max(epoch - 2, 0)))
    return Scores(
      last: last, best: top, epochs: epoch == 0 ? [last] : (keepsStart ? [metrics(0.1, 0)] : []) + [top, last],
      images: images, verified: true,
      classNames: ["a", "b"], confusion: [[1, 0], [0, 1]], clusterClasses: [0, 1], varianceByClass: [], varianceByCluster: [], cases: [])
  }

  static func run(_ method: String, _ seed: Int, _ scores: Scores, dataset: String = "fashion-mnist") -> ScoredRun {
    ScoredRun(
      method: method, dataset: dataset, seed: seed, instance: "evaluate[dataset=\(dataset),method=\(method),seed=\(seed)]",
      action: "a\(seed)", output: "o\(seed)", scores: scores)
  }

  static let fashion: JSONValue = ["dataset": "fashion-mnist", "label": "Fashion-MNIST", "published": "cifar-10"]

  static func layout(_ rows: [JSONValue], columns: [JSONValue] = [fashion]) throws -> TableLayout {
    try TableLayout([
      "title": "Effect of over-clustering", "rowHeading": "Heads", "rows": .array(rows), "columns": .array(columns),
      "network": ["widths": [16, 32], "blocks": [1, 1]], "remarks": [],
    ])
  }

  static let overClustering: [JSONValue] = [
    ["label": "Without over-clustering", "method": "ccr-nooc", "published": "without-oc"],
    ["label": "CCR", "method": "ccr", "published": "ccr"],
  ]

  /// Table 4 with three seeds of CCR and none of its rival.
  static func table4() throws -> PaperTable {
    try PaperTable(
      name: "table4", profile: "quick", layout: layout(overClustering), published: published(),
      runs: [
        run("ccr", 0, scores(0.6, best: 0.65)), run("ccr", 1, scores(0.7, best: 0.72)), run("ccr", 2, scores(0.5)),
      ])
  }
}
