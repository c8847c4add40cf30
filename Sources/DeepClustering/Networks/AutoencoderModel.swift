import Clustering
import Gradients
import StageKit
import Tensors

/// The settings `network.*` of methods on the convolutional auto-encoder.
public struct AutoencoderSettings: Sendable {
  public let widths = Setting<[Int]>("network.widths", 1...4096, "channels of each convolution; each halves height and width")
  public let codeSize = Setting<Int>("network.codeSize", 1...65_536, "numbers of a code")
  public let clusters = Setting<Int>("network.clusters", 2...100_000, "clusters of k-means on the features")

  public init() {}

  public var all: [AnySetting] { [AnySetting(widths), AnySetting(codeSize), AnySetting(clusters)] }

  /// Eight halvings make one pixel of 256.
  private static let mostLayers = 8

  /// - Throws: `StageError` where there are no layers, or too many.
  func check(_ settings: SettingValues) throws(StageError) {
    guard (1...Self.mostLayers).contains(settings[widths].count) else {
      throw .illegalSetting("network.widths", "must have 1 to \(Self.mostLayers) numbers, and not \(settings[widths].count)")
    }
  }

  func model(_ settings: SettingValues, form: AutoencoderModel.Form, channels: Int, size: Int, seed: UInt64) -> AutoencoderModel {
    AutoencoderModel(
      form, widths: settings[widths], codeSize: settings[codeSize], clusters: settings[clusters], channels: channels, size: size, seed: seed
    )
  }
}

/// A convolutional auto-encoder and k-means on what it has learnt.
///
/// It sees pixels as numbers 0 to 1, in a frame of zeros that makes the sides divisible by 2 to the number of layers. Features are standardised, each to
/// mean 0 and deviation 1, before k-means; features.h5 has them as they are.
public final class AutoencoderModel: DeepModel {
  public enum Form: Sendable {
    /// Features are the code [N, D].
    case plain
    /// Features are the mean of the code's distribution [N, D].
    case variational
    /// No batch normalisation; features are the sums of the absolute last maps over each quarter of the picture [N, 4 · last width].
    case sparse
  }

  public let network: ConvAutoencoder
  public let input: InputImages
  private let form: Form
  private let kMeans: KMeans

  /// - Parameter size: of the views, pixels.
  public init(_ form: Form, widths: [Int], codeSize: Int, clusters: Int, channels: Int, size: Int, seed: UInt64) {
    let unit = 1 << widths.count
    self.form = form
    input = InputImages(
      size: size, channels: channels, mean: Array(repeating: 0, count: channels), std: Array(repeating: 1, count: channels), sobel: false)
    network = ConvAutoencoder(
      size: (size + unit - 1) / unit * unit, channels: channels, widths: widths, codeSize: codeSize, batchNorm: form != .sparse,
      variational: form == .variational, seed: seed)
    kMeans = KMeans(clusters: clusters, restarts: 10, iterations: 300, tolerance: 1e-4)
  }

  public var clusterCount: Int { kMeans.clusters }

  /// Images [N, S, S, C] in the middle of a frame of zeros, as the network takes them; one row and column more below and to the right where the frame is
  /// odd.
  public func framed(_ images: Tensor) -> Tensor {
    let (size, side, channels) = (images.shape[1], network.size, images.shape[3])
    guard side > size else { return images }
    let first = (side - size) / 2
    var framed = Tensor(zeros: [images.shape[0], side, side, channels])
    framed.withUnsafeMutableBufferPointer { framed in
      images.withUnsafeBufferPointer { images in
        for row in 0..<images.count / (size * channels) {
          let start = ((row / size * side + first + row % size) * side + first) * channels
          for at in 0..<size * channels { framed[start + at] = images[row * size * channels + at] }
        }
      }
    }
    return framed
  }

  public var weights: NamedTensors { network.stateDictionary() }

  public func load(_ weights: NamedTensors) -> String? { network.load(weights) }

  public func embed(_ images: Tensor, team: ThreadTeam) -> Embedded {
    let tape = Tape(team: team, training: false)
    let encoded = network.encode(tape.constant(framed(images)), batches: [images.shape[0]], on: tape)
    return Embedded(features: form == .sparse ? Self.quarters(encoded.maps.value) : encoded.code.value, probabilities: [])
  }

  public func clusters(_ all: Embedded, seed: UInt64, team: ThreadTeam) -> [Int32] {
    let features = Self.standardised(all.features)
    let few = KMeans(
      clusters: min(clusterCount, features.shape[0]), restarts: kMeans.restarts, iterations: kMeans.iterations, tolerance: kMeans.tolerance)
    guard let result = try? few.fit(features, seed: seed, team: team) else { preconditionFailure("fewer images than clusters") }
    return result.assignments
  }

  /// Sums of |maps| [N, s, s, C] over the quarters of the picture [N, 4·C], quarter by quarter in scan order; of maps of one number, that [N, C].
  static func quarters(_ maps: Tensor) -> Tensor {
    let (n, side, channels) = (maps.shape[0], maps.shape[1], maps.shape[3])
    let cells = min(2, side)
    var sums = Tensor(zeros: [n, cells * cells * channels])
    sums.withUnsafeMutableBufferPointer { sums in
      maps.withUnsafeBufferPointer { maps in
        for place in 0..<n * side * side {
          let (image, row, column) = (place / (side * side), place / side % side, place % side)
          // The first half is the smaller one of an odd side.
          let cell = (row < side / 2 ? 0 : cells - 1) * cells + (column < side / 2 ? 0 : cells - 1)
          let start = (image * cells * cells + cell) * channels
          for channel in 0..<channels { sums[start + channel] += abs(maps[place * channels + channel]) }
        }
      }
    }
    return sums
  }

  /// Every column with mean 0 and deviation 1; 0 where all its numbers are equal.
  static func standardised(_ x: Tensor) -> Tensor {
    let (n, d) = (x.shape[0], x.shape[1])
    var (means, squares) = ([Double](repeating: 0, count: d), [Double](repeating: 0, count: d))
    var result = x
    result.withUnsafeMutableBufferPointer { x in
      for at in x.indices { means[at % d] += Double(x[at]) / Double(n) }
      for at in x.indices {
        let difference = Double(x[at]) - means[at % d]
        squares[at % d] += difference * difference / Double(n)
      }
      let factors = squares.map { $0 > 0 ? 1 / $0.squareRoot() : 0 }
      for at in x.indices { x[at] = Float((Double(x[at]) - means[at % d]) * factors[at % d]) }
    }
    return result
  }
}
