import Gradients
import Tensors

/// A plain network, one layer after the other: those of DAC, DCCM and JULE (`PlainConvNets`), or a user's own.
///
/// Parameters are `layers.I.weight` and `layers.I.bias`, I the layer's place, as in a PyTorch `Sequential` of the same layers.
/// It is used by one thread at a time, which is the caller's care.
public final class PlainConvNet: Network, @unchecked Sendable {
  /// How the weights of a layer begin; biases begin with 0, but PyTorch's by its default too.
  public enum Weights: Hashable, Sendable {
    /// U(−1/√fan_in, 1/√fan_in), PyTorch's default.
    case standard
    /// N(0, 2/fan_in).
    case he
    case normal(deviation: Float)
    /// Ones on the diagonal; of linear layers only.
    case identity
  }

  public enum Layer: Hashable, Sendable {
    /// k × k, stride 1, with a bias: [N, H, W, C] → [N, H + 2·padding − k + 1, …, outputs].
    case convolution(kernel: Int, outputs: Int, padding: Int, Weights)
    /// Over images or features.
    case batchNorm
    case relu
    case maxPool(PoolingWindow)
    case averagePool(PoolingWindow)
    /// [N, H, W, C] → [N, C].
    case globalAverage
    /// [N, H, W, C] → [N, C·H·W] in PyTorch's order.
    case flatten
    /// [N, D] → [N, outputs].
    case linear(outputs: Int, Weights)
  }

  /// A layer with what it has learned.
  private enum Learned {
    case affine(weight: Parameter, bias: Parameter)
    case norm(BatchNorm)
    case nothing
  }

  public let layers: [Layer]
  /// The shape of each layer's output for one image: [H, W, C] or [D].
  public let shapes: [[Int]]
  public let named: NamedParameters
  private let learned: [Learned]

  /// - Parameters:
  ///   - size, channels: of the images [N, S, S, C]. Layers that do not fit are a caller's mistake; `PlainConvNet.shapes` tells before.
  ///   - tracksStatistics: false where inference normalises by the statistics of its batches, as training does (DAC, DCCM).
  public init(_ layers: [Layer], size: Int, channels: Int, tracksStatistics: Bool, seed: UInt64) {
    guard let shapes = Self.shapes(layers, size: size, channels: channels) else {
      preconditionFailure("images of \(size) × \(size) × \(channels) do not fit \(layers)")
    }
    self.layers = layers
    self.shapes = shapes
    var named = NamedParameters(seed: seed)
    func affine(_ index: Int, _ shape: [Int], fanIn: Int, outputs: Int, _ weights: Weights) -> Learned {
      let initialisation: Initialisation =
        switch weights {
        case .standard: .uniform(fanIn: fanIn)
        case .he: .he(fanIn: fanIn)
        case .normal(let deviation): .normal(deviation: deviation)
        case .identity: .identity
        }
      return .affine(
        weight: named.add("layers.\(index).weight", shape, initialisation),
        bias: named.add("layers.\(index).bias", [outputs], weights == .standard ? initialisation : .zeros))
    }
    learned = layers.enumerated().map { index, layer in
      let input = index == 0 ? [size, size, channels] : shapes[index - 1]
      let width = input[input.count - 1]
      return switch layer {
      case .convolution(let kernel, let outputs, _, let weights):
        affine(index, [kernel, kernel, width, outputs], fanIn: kernel * kernel * width, outputs: outputs, weights)
      case .linear(let outputs, let weights): affine(index, [outputs, width], fanIn: width, outputs: outputs, weights)
      case .batchNorm: .norm(named.addBatchNorm("layers.\(index)", width, tracksStatistics: tracksStatistics))
      case .relu, .maxPool, .averagePool, .globalAverage, .flatten: .nothing
      }
    }
    self.named = named
  }

  /// The shape of each layer's output for one image; nil where a layer does not fit the one before.
  public static func shapes(_ layers: [Layer], size: Int, channels: Int) -> [[Int]]? {
    var shape = [size, size, channels]
    var shapes: [[Int]] = []
    for layer in layers {
      switch layer {
      case .convolution(let kernel, let outputs, let padding, let weights):
        guard shape.count == 3, shape[0] + 2 * padding >= kernel, kernel > 0, weights != .identity else { return nil }
        let side = shape[0] + 2 * padding - kernel + 1
        shape = [side, side, outputs]
      case .maxPool(let window), .averagePool(let window):
        guard shape.count == 3, window.outputs(of: shape[0]) > 0 else { return nil }
        let side = window.outputs(of: shape[0])
        shape = [side, side, shape[2]]
      case .globalAverage:
        guard shape.count == 3 else { return nil }
        shape = [shape[2]]
      case .flatten:
        guard shape.count == 3 else { return nil }
        shape = [shape.reduce(1, *)]
      case .linear(let outputs, _):
        guard shape.count == 1 else { return nil }
        shape = [outputs]
      case .batchNorm, .relu: break
      }
      guard shape.allSatisfy({ $0 > 0 }) else { return nil }
      shapes.append(shape)
    }
    return shapes
  }

  /// Bytes that a training step of so many images takes at the least.
  public func leastBytes(images: Int) -> Int {
    named.leastBytes(images: images, valuesPerImage: shapes.reduce(0) { $0 + $1.reduce(1, *) })
  }

  /// Where the map behind the first pooling ends: `0..<firstPooled` gives it, `firstPooled...` goes on from there (DCCM's M).
  public var firstPooled: Int {
    1
      + (layers.firstIndex {
        switch $0 {
        case .maxPool, .averagePool, .globalAverage: true
        default: false
        }
      } ?? layers.count - 1)
  }

  /// Where the output of the last linear layer ends (DCCM's Y).
  public var lastLinear: Int { 1 + (layers.lastIndex { if case .linear = $0 { true } else { false } } ?? layers.count - 1) }

  /// Some layers, all unless said otherwise, one after the other.
  /// - Parameters:
  ///   - x: images [N, S, S, C], or the output of the layer before `range`.
  ///   - batches: sizes of the batches, in order, that the images are; batch normalisation keeps them apart.
  public func forward(_ x: Variable, layers range: Range<Int>? = nil, batches: [Int], on tape: Tape) -> Variable {
    (range ?? 0..<layers.count).reduce(x) { x, index in
      switch (layers[index], learned[index]) {
      case (.convolution(_, _, let padding, _), .affine(let weight, let bias)):
        tape.convolution(x, weight, bias: bias, stride: 1, padding: padding)
      case (.linear, .affine(let weight, let bias)): tape.linear(x, weight: weight, bias: bias)
      case (.batchNorm, .norm(let norm)): tape.batchNorm(x, norm, batches: batches, relu: false)
      case (.relu, _): tape.relu(x)
      case (.maxPool(let window), _): tape.maxPool(x, window)
      case (.averagePool(let window), _): tape.averagePool(x, window)
      case (.globalAverage, _): tape.globalAveragePool(x)
      case (.flatten, _): tape.flatten(x)
      default: preconditionFailure("layer \(index), \(layers[index]), has not what it learns")
      }
    }
  }
}
