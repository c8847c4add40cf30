import Artifacts
import Figures
import StageKit
import Tables

/// The loss terms of a `history.csv`, as weighted.
struct TrainingHistory {
  /// weight · value by term and epoch, terms in the order of the file, of the last phase that assigns images to clusters: that of the head that
  /// clusters; of the last phase where none does.
  let terms: [(name: String, values: [Int: Double])]
  /// What was trained then, in words.
  let phase: String

  private static let columns = ["epoch", "phase", "quantity", "value", "weight"]

  /// - Throws: `FileError`, or `TableError` where the file is no history.
  init(_ path: String) throws {
    let lines = String(decoding: try AtomicFile.read(path), as: UTF8.self).split(separator: "\n")
      .map { $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init) }
    guard lines.first == Self.columns, lines.allSatisfy({ $0.count == Self.columns.count }) else {
      throw TableError.malformed(place: path, complaint: "must be a CSV file of the columns \(Self.columns.joined(separator: ", "))")
    }
    // Shares of clusters have no weight.
    let phase = lines.dropFirst().last { $0[4].isEmpty }?[1] ?? lines.last?[1]
    self.phase = phase.map { $0.hasPrefix("head") ? "the clustering head" : "the phase “\($0)”" } ?? "training"
    var terms: [(name: String, passes: [Int: [Double]])] = []
    for line in lines.dropFirst() where line[1] == phase {
      guard let epoch = Int(line[0]), let value = Double(line[3]), let weight = Double(line[4]) else { continue }
      if !terms.contains(where: { $0.name == line[2] }) { terms.append((line[2], [:])) }
      for at in terms.indices where terms[at].name == line[2] { terms[at].passes[epoch, default: []].append(weight * value) }
    }
    // A phase may have several passes of as many steps in an epoch.
    self.terms = terms.map { ($0.name, $0.passes.mapValues { $0.reduce(0, +) / Double($0.count) }) }
  }

  /// The loss: the sum of the terms.
  var total: [Int: Double] { terms.reduce(into: [:]) { sum, term in sum.merge(term.values) { $0 + $1 } } }
}

extension PaperFigure {
  /// The loss of the clustering head and its terms, as weighted, over the epochs: mean over seeds, and their range.
  func training() throws {
    let histories = try job.gathered("histories").map { try TrainingHistory($0.path) }
    guard let first = histories.first else { throw TableError.nothingGathered(port: "histories") }
    func curve(_ name: String, _ runs: [[Int: Double]]) -> LineChart.Curve {
      let points = Set(runs.flatMap(\.keys)).sorted().compactMap { epoch -> LineChart.Point? in
        let values = runs.compactMap { $0[epoch] }.filter(\.isFinite)
        guard let mean = Spread(values)?.mean, let least = values.min(), let largest = values.max() else { return nil }
        return LineChart.Point(x: Double(epoch), value: mean, band: least...largest)
      }
      return LineChart.Curve(name: name, points: points)
    }
    let parts = first.terms.map(\.name).map { name in
      curve(name, histories.map { $0.terms.first { $0.name == name }?.values ?? [:] })
    }
    let curves = (parts.count > 1 ? [curve("total", histories.map(\.total))] : []) + parts
    let chart = LineChart(
      title: layout.title(),
      subtitle: "Loss of \(first.phase) and its terms as weighted, which add up to it; means over the batches of an epoch. "
        + (histories.count > 1 ? "Mean over \(histories.count) seeds and their range." : "One seed."),
      horizontalLabel: "epoch", valueLabel: "loss", curves: curves)
    try write(chart, saying: "\(layout.title()): \(curves.map(\.words).joined(separator: "; ")).")
  }
}
