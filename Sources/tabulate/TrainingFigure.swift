import Artifacts
import Figures
import StageKit
import Tables

/// The columns of a `history.csv`, line by line.
struct TrainingHistory {
  private let columns: [String]
  private let lines: [[String]]
  private let path: String

  /// - Throws: `FileError`, or `TableError` where lines are not as long as the header.
  init(_ path: String) throws {
    let all = String(decoding: try AtomicFile.read(path), as: UTF8.self).split(separator: "\n")
      .map { $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init) }
    guard let header = all.first, all.allSatisfy({ $0.count == header.count }) else {
      throw TableError.malformed(place: path, complaint: "must be a CSV file with a header and lines of its length")
    }
    self.path = path
    columns = header
    lines = Array(all.dropFirst())
  }

  private func place(_ column: String) throws(TableError) -> Int {
    guard let place = columns.firstIndex(of: column) else {
      throw .malformed(place: path, complaint: "has no column \"\(column)\", but \(columns.joined(separator: ", "))")
    }
    return place
  }

  /// The values of a column at the passes of the last head, by epoch.
  func values(_ column: String) throws(TableError) -> [Int: Double] {
    let (epoch, head, place) = (try place("epoch"), try place("head"), try place(column))
    let last = lines.compactMap { Int($0[head]) }.max()
    return Dictionary(
      lines.filter { Int($0[head]) == last }.compactMap { line in
        guard let number = Int(line[epoch]), let value = Double(line[place]) else { return nil }
        return (number, value)
      }
    ) { _, last in last }
  }
}

extension PaperFigure {
  /// The loss of the clustering head and its terms over the epochs: mean over seeds, and their range.
  func training() throws -> PNGImage {
    let histories = try job.gathered("histories").map { try TrainingHistory($0.path) }
    guard !histories.isEmpty else { throw TableError.nothingGathered(port: "histories") }
    let curves = try layout.curves.map { curve in
      let runs = try histories.map { try $0.values(curve.column) }
      let points = Set(runs.flatMap(\.keys)).sorted().compactMap { epoch -> LineChart.Point? in
        let values = runs.compactMap { $0[epoch] }.filter(\.isFinite)
        guard let mean = Spread(values)?.mean, let least = values.min(), let largest = values.max() else { return nil }
        return LineChart.Point(x: Double(epoch), value: mean, band: least...largest)
      }
      return LineChart.Curve(name: curve.label, points: points)
    }
    return try LineChart(
      title: layout.title(),
      subtitle: "Loss terms of the clustering head, mean over the batches of an epoch. "
        + (histories.count > 1 ? "Mean over \(histories.count) seeds and their range." : "One seed."),
      horizontalLabel: "epoch", valueLabel: "loss", curves: curves
    ).draw(width: layout.width)
  }
}
