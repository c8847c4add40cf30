import Artifacts
import Clustering
import StageKit
import Tensors

/// What cannot be clustered.
enum ClusterInputError: ExplainedError {
  case rows(Int, images: Int, path: String)
  case noFeatures(path: String)
  case notFinite(epoch: Int, path: String)
  case method(ClusteringError, name: String)

  init(_ error: ClusteringError, method: String) { self = .method(error, name: method) }

  var problem: String {
    switch self {
    case .rows(let rows, let images, let path): "\(path) has features of \(rows) images; there are \(images)"
    case .noFeatures(let path): "\(path) has features of no epoch"
    case .notFinite(let epoch, let path):
      "\(path) holds numbers at epoch \(epoch) that are not finite, or beyond \(Float.largestMeasurable)"
    case .method(.tooFewPoints(let points, let clusters), _): "\(points) images cannot make \(clusters) clusters"
    case .method(.negative(let row), let name): "\(name) needs numbers from 0 on; those of image \(row) are not all"
    case .method(.eigenvectors(let found, let wanted), let name):
      "\(name): only \(found) of \(wanted) eigenvectors of the neighbour graph converged"
    }
  }

  var remedy: String {
    switch self {
    case .rows: "give images and features of the same data set and subset"
    case .noFeatures: "give features.h5 as embed writes it"
    case .notFinite: "training diverged: lower train.learningRate, or cluster pixels"
    case .method(.tooFewPoints, _): "lower clusters, or take more images"
    case .method(.negative, _): "cluster pixels, or features behind a rectifier, or take another method"
    case .method(.eigenvectors, _): "raise neighbours, so that the graph hangs together better, or exactUpTo where memory allows"
    }
  }

  var kind: ErrorKind { .badInput }
}

/// The rows to cluster.
struct ClusterInput {
  /// [n, D]: pixels of values 0 to 1, or features.
  let rows: Tensor
  /// How many images behind them are not to be clustered: STL-10's unlabelled part is there for networks with over-clustering heads alone.
  let leftOut: Int

  init(_ job: StageJob) throws {
    let images = try ImagesFile.read(job.input("images"))
    try checkClusters(job.settings, images: images.scored)
    leftOut = images.count - images.scored
    rows = try job.optionalInput("features").map { try Self.features($0, of: images) } ?? Self.pixels(images)
  }

  private static func features(_ path: String, of images: ImageSet) throws -> Tensor {
    guard let epoch = try FeaturesFile.epochs(path).last else { throw ClusterInputError.noFeatures(path: path) }
    let features = try FeaturesFile.read(path, epoch: epoch)
    guard features.shape[0] == images.count else { throw ClusterInputError.rows(features.shape[0], images: images.count, path: path) }
    guard features.withUnsafeBufferPointer({ $0.allSatisfy(\.isMeasurable) }) else {
      throw ClusterInputError.notFinite(epoch: epoch, path: path)
    }
    return images.scored < images.count ? features.rows(0..<images.scored) : features
  }

  /// Converted piece by piece, so that they are in memory once.
  private static func pixels(_ images: ImageSet) throws -> Tensor {
    var result = Tensor(uninitialized: [images.scored, images.imageBytes])
    let values = (0...255).map { Float($0) / 255 }
    try result.withUnsafeMutableBufferPointer { result in
      for first in stride(from: 0, to: images.scored, by: 1000) {
        let numbers = first..<min(first + 1000, images.scored)
        try images.read(numbers) { bytes in
          for place in first * images.imageBytes..<numbers.upperBound * images.imageBytes { result[place] = values[Int(bytes[place])] }
        }
      }
    }
    return result
  }
}
