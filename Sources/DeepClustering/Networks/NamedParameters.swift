import Gradients
import Tensors

/// How the numbers of a new parameter are drawn, from a stream of its own.
public enum Initialisation: Hashable, Sendable {
  /// U(−1/√fanIn, 1/√fanIn), PyTorch's default for weights and biases of linear layers and convolutions.
  case uniform(fanIn: Int)
  /// N(0, 2/fanIn) (He et al. 2015).
  case he(fanIn: Int)
  /// N(0, deviation²).
  case normal(deviation: Float)
  /// Ones on the diagonal of a matrix, zeros elsewhere.
  case identity
  case zeros
}

/// The parameters and batch normalisations of a network, with the names, and for files the axes, of the equivalent PyTorch module.
public struct NamedParameters {
  public private(set) var parameters: [Parameter] = []
  public private(set) var batchNorms: [BatchNorm] = []
  private let seed: UInt64

  public init(seed: UInt64) { self.seed = seed }

  /// Adds a parameter; its random numbers are those of the seed and of its place.
  mutating func add(_ name: String, _ shape: [Int], _ initialisation: Initialisation) -> Parameter {
    var stream = RandomStream(seed: seed, purpose: .initialisation, item: parameters.count)
    let count = shape.reduce(1, *)
    let values: [Float] =
      switch initialisation {
      case .uniform(let fanIn):
        (0..<count).map { [bound = 1 / Float(fanIn).squareRoot()] _ in stream.uniform(-bound, bound) }
      case .he(let fanIn): (0..<count).map { [deviation = (2 / Float(fanIn)).squareRoot()] _ in deviation * stream.normal() }
      case .normal(let deviation): (0..<count).map { _ in deviation * stream.normal() }
      case .identity: (0..<count).map { $0 / shape[1] == $0 % shape[1] ? 1 : 0 }
      case .zeros: Array(repeating: 0, count: count)
      }
    let parameter = Parameter(name: name, value: Tensor(shape: shape, values))
    parameters.append(parameter)
    return parameter
  }

  mutating func addBatchNorm(_ name: String, _ channels: Int, tracksStatistics: Bool = true) -> BatchNorm {
    let layer = BatchNorm(name: name, channels: channels, tracksStatistics: tracksStatistics)
    parameters += [layer.gamma, layer.beta]
    batchNorms.append(layer)
    return layer
  }

  /// Bytes that a training step takes at the least: parameters with gradients and Adam's moments, and what the way back reads of every image.
  func leastBytes(images: Int, valuesPerImage: Int) -> Int {
    4 * (images * valuesPerImage + 4 * parameters.reduce(0) { $0 + $1.value.count })
  }
}

/// A network that a file can hold.
public protocol Network: AnyObject {
  var named: NamedParameters { get }
}

extension Network {
  public var parameters: [Parameter] { named.parameters }
  public var batchNorms: [BatchNorm] { named.batchNorms }

  /// Everything inference needs, by name; convolutions as [out, in, kh, kw], transposed ones as [in, out, kh, kw].
  public func stateDictionary() -> [(name: String, tensor: Tensor)] {
    parameters.map { ($0.name, Self.exported($0.value)) }
      + batchNorms.filter(\.tracksStatistics).flatMap {
        [("\($0.name).running_mean", $0.runningMean), ("\($0.name).running_var", $0.runningVariance)]
      }
  }

  /// - Returns: the name of the first entry that is missing or of another shape, nil when all was loaded.
  public func load(_ state: [(name: String, tensor: Tensor)]) -> String? {
    let byName = Dictionary(state.map { ($0.name, $0.tensor) }) { $1 }
    for parameter in parameters {
      guard var tensor = byName[parameter.name] else { return parameter.name }
      if tensor.shape.count == 4 { tensor = tensor.movingAxes(from: [2, 3, 1, 0]) }
      guard tensor.shape == parameter.value.shape else { return parameter.name }
      parameter.value = tensor
    }
    for layer in batchNorms where layer.tracksStatistics {
      guard let mean = byName["\(layer.name).running_mean"], mean.shape == layer.runningMean.shape else {
        return "\(layer.name).running_mean"
      }
      guard let variance = byName["\(layer.name).running_var"], variance.shape == mean.shape else { return "\(layer.name).running_var" }
      (layer.runningMean, layer.runningVariance) = (mean, variance)
    }
    return nil
  }

  /// The weights of a convolution [kh, kw, in, out] as [out, in, kh, kw], of a transposed one [kh, kw, out, in] as [in, out, kh, kw]; others as they
  /// are.
  package static func exported(_ parameter: Tensor) -> Tensor {
    parameter.shape.count == 4 ? parameter.movingAxes(from: [3, 2, 0, 1]) : parameter
  }
}

extension Tensor {
  /// The tensor whose axis i is axis `order[i]` of this one, of four axes.
  fileprivate func movingAxes(from order: [Int]) -> Tensor {
    var strides = [1, 1, 1, 1]
    for axis in [2, 1, 0] { strides[axis] = strides[axis + 1] * shape[axis + 1] }
    let shape = order.map { self.shape[$0] }
    let steps = order.map { strides[$0] }
    let source = scalars
    var values: [Float] = []
    values.reserveCapacity(source.count)
    for a in 0..<shape[0] {
      for b in 0..<shape[1] {
        for c in 0..<shape[2] { for d in 0..<shape[3] { values.append(source[a * steps[0] + b * steps[1] + c * steps[2] + d * steps[3]]) } }
      }
    }
    return Tensor(shape: shape, values)
  }
}
