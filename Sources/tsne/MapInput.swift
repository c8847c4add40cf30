import Artifacts
import StageKit
import Tensors

/// What cannot be mapped.
enum MapError: ExplainedError {
  case noEpoch(Int, known: [Int], path: String)
  case noRow(Int, rows: Int, path: String)
  case noProbabilities(path: String)
  case notFinite(epoch: Int, path: String)
  case tooFewPoints(Int, perplexity: Double)
  case labels(Int, points: Int)
  case clusters(Int, points: Int, path: String)

  var problem: String {
    switch self {
    case .noEpoch(let epoch, let known, let path):
      "\(path) has no epoch \(epoch); it has \(known.map(String.init).joined(separator: ", "))"
    case .noRow(let first, let rows, let path): "\(path) has \(rows) rows, so there is no point \(first) to begin with"
    case .noProbabilities(let path): "\(path) has clusters, but no assignment probabilities to map"
    case .notFinite(let epoch, let path):
      "\(path) holds numbers at epoch \(epoch) that are not finite, or beyond \(Float.largestMeasurable)"
    case .tooFewPoints(let count, let perplexity): "\(count) points are too few for perplexity \(perplexity)"
    case .labels(let count, let points): "there are \(count) labels for \(points) points"
    case .clusters(let count, let points, let path): "\(path) has clusters of \(count) images; \(points) points are mapped"
    }
  }

  var remedy: String {
    switch self {
    case .noEpoch: "ask for one of these, or add the epoch to \"snapshots\" in pipeline.json"
    case .noRow: "lower tsne.firstPoint in pipeline.json, or take a larger subset of the data set"
    case .noProbabilities: "map the output of a method that gives probabilities"
    case .notFinite: "training diverged: lower train.learningRate, or map an earlier epoch"
    case .tooFewPoints: "ask for more points, or for a perplexity below a third of their number"
    case .labels, .clusters: "give points, labels and assignments of the same data set and subset"
    }
  }

  var kind: ErrorKind { .badInput }
}

/// The points to map: consecutive rows of `features.h5`, or of the last head's probabilities in `assignments.h5`.
struct MapInput {
  /// [N, D]
  let points: Tensor
  /// The rows of the file that the points are.
  let rows: Range<Int>
  let rowsInFile: Int
  /// `features` or `probabilities`.
  let source: String

  /// - Parameters:
  ///   - first: the first row to take.
  ///   - limit: the most rows to take.
  init(_ path: String, epoch: Int, first: Int, limit: Int) throws {
    let known = try FeaturesFile.epochs(path)
    guard known.contains(epoch) else { throw MapError.noEpoch(epoch, known: known, path: path) }
    let all: Tensor
    if try HDF5Reader(path).contains(FeaturesFile.name(epoch)) {
      all = try FeaturesFile.read(path, epoch: epoch)
      source = "features"
    } else {
      guard let probabilities = try AssignmentsFile.read(path, epoch: epoch).probabilities.last else {
        throw MapError.noProbabilities(path: path)
      }
      all = probabilities
      source = "probabilities"
    }
    rowsInFile = all.shape[0]
    guard first < rowsInFile else { throw MapError.noRow(first, rows: rowsInFile, path: path) }
    rows = first..<min(first + limit, rowsInFile)
    let columns = all.shape[1]
    let chosen = Array(all.scalars[rows.lowerBound * columns..<rows.upperBound * columns])
    guard chosen.allSatisfy(\.isMeasurable) else { throw MapError.notFinite(epoch: epoch, path: path) }
    points = Tensor(shape: [rows.count, columns], chosen)
  }
  /// The cluster of each of these points at an epoch.
  func clusters(_ path: String, epoch: Int) throws -> [Int32] {
    let known = try AssignmentsFile.epochs(path)
    guard known.contains(epoch) else { throw MapError.noEpoch(epoch, known: known, path: path) }
    let all = try AssignmentsFile.read(path, epoch: epoch).clusters
    guard all.count == rowsInFile else { throw MapError.clusters(all.count, points: rowsInFile, path: path) }
    return Array(all[rows])
  }
}
