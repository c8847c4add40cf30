import Gradients
import Tensors

/// The backbone and heads of CCR (§4.2; ResNet-34 for widths 64/128/256/512 and blocks 3/4/6/3): stem 3×3 – BN – ReLU – max pool
/// 2×2 stride 2 padding 1, stages of basic blocks, global average pool, one Linear + softmax per head.
///
/// Its parameters change while a step is applied; it is used by one thread at a time, which is the caller's care.
public final class ResidualNetwork: @unchecked Sendable {
  /// Two 3×3 convolutions beside a shortcut (He et al. 2016).
  private struct BasicBlock {
    let stride: Int
    let conv1, conv2: Parameter
    let bn1, bn2: BatchNorm
    let skip: (conv: Parameter, bn: BatchNorm)?
  }

  /// Channels of each stage.
  public let widths: [Int]
  /// Basic blocks of each stage.
  public let blocks: [Int]
  /// Outputs of each head; the last is the one that clusters.
  public let heads: [Int]

  private let stem: (conv: Parameter, bn: BatchNorm)
  private let body: [BasicBlock]
  private let headLayers: [(weight: Parameter, bias: Parameter)]
  public let parameters: [Parameter]
  public let batchNorms: [BatchNorm]

  /// Bytes that a training step takes at the least: parameters with gradients and Adam's moments, and of every layer what the way back reads.
  /// - Parameters:
  ///   - images: in the step, all copies counted.
  ///   - size: height and width, pixels.
  public func leastBytes(images: Int, size: Int) -> Int {
    // Every convolution and every normalisation keeps its output; the stem and each stage but the first halve the sides.
    var values = 2 * size * size * widths[0]
    for (stage, width) in widths.enumerated() {
      let side = max(1, size >> (stage + 1))
      values += blocks[stage] * 4 * side * side * width
    }
    return 4 * (images * values + 4 * parameters.reduce(0) { $0 + $1.value.count })
  }

  /// Weights by PyTorch's defaults, U(−1/√fan_in, 1/√fan_in), a stream of random numbers for each parameter (A29).
  public init(inputChannels: Int, widths: [Int], blocks: [Int], heads: [Int], seed: UInt64) {
    precondition(widths.count == blocks.count && !widths.isEmpty && !heads.isEmpty, "widths \(widths), blocks \(blocks), heads \(heads)")
    self.widths = widths
    self.blocks = blocks
    self.heads = heads
    var parameters: [Parameter] = []
    var batchNorms: [BatchNorm] = []
    func uniform(_ name: String, _ shape: [Int], fanIn: Int) -> Parameter {
      var stream = RandomStream(seed: seed, purpose: .initialisation, item: parameters.count)
      let bound = 1 / Float(fanIn).squareRoot()
      let parameter = Parameter(
        name: name, value: Tensor(shape: shape, (0..<shape.reduce(1, *)).map { _ in stream.uniform(-bound, bound) }))
      parameters.append(parameter)
      return parameter
    }
    func convolution(_ name: String, _ kernel: Int, _ from: Int, _ to: Int) -> Parameter {
      uniform("\(name).weight", [kernel, kernel, from, to], fanIn: kernel * kernel * from)
    }
    func batchNorm(_ name: String, _ channels: Int) -> BatchNorm {
      let layer = BatchNorm(name: name, channels: channels)
      parameters += [layer.gamma, layer.beta]
      batchNorms.append(layer)
      return layer
    }
    stem = (convolution("stem.0", 3, inputChannels, widths[0]), batchNorm("stem.1", widths[0]))
    var body: [BasicBlock] = []
    var channels = widths[0]
    for (stage, width) in widths.enumerated() {
      for block in 0..<blocks[stage] {
        let name = "body.\(body.count)"
        let stride = stage > 0 && block == 0 ? 2 : 1
        let conv1 = convolution("\(name).conv1", 3, channels, width)
        let bn1 = batchNorm("\(name).bn1", width)
        let conv2 = convolution("\(name).conv2", 3, width, width)
        let bn2 = batchNorm("\(name).bn2", width)
        let skip =
          stride == 1 && channels == width ? nil : (convolution("\(name).skip.0", 1, channels, width), batchNorm("\(name).skip.1", width))
        body.append(BasicBlock(stride: stride, conv1: conv1, conv2: conv2, bn1: bn1, bn2: bn2, skip: skip))
        channels = width
      }
    }
    self.body = body
    headLayers = heads.enumerated().map { index, outputs in
      (
        uniform("heads.\(index).weight", [outputs, channels], fanIn: channels),
        uniform("heads.\(index).bias", [outputs], fanIn: channels)
      )
    }
    self.parameters = parameters
    self.batchNorms = batchNorms
  }

  /// Images [N, H, W, C] → pooled features h [N, D], D the last width.
  /// - Parameter batches: sizes of the batches, in order, that the images are; batch normalisation keeps them apart, all else takes them at once.
  public func features(_ images: Tensor, batches: [Int], on tape: Tape) -> Variable {
    var x = stem(images, batches: batches, on: tape)
    for stage in blocks.indices { x = self.stage(stage, x, batches: batches, on: tape) }
    return tape.globalAveragePool(x)
  }

  /// Images [N, H, W, C] → [N, H/2 + 1, W/2 + 1, width of the first stage].
  package func stem(_ images: Tensor, batches: [Int], on tape: Tape) -> Variable {
    let x = tape.convolution(tape.constant(images), stem.conv, stride: 1, padding: 1)
    return tape.maxPool(tape.batchNorm(x, stem.bn, batches: batches, relu: true))
  }

  /// The blocks of one stage; all but the first stage halve height and width, rounding up.
  package func stage(_ stage: Int, _ input: Variable, batches: [Int], on tape: Tape) -> Variable {
    let first = blocks[..<stage].reduce(0, +)
    return body[first..<first + blocks[stage]].reduce(input) { x, block in
      let shortcut =
        block.skip.map {
          tape.batchNorm(tape.convolution(x, $0.conv, stride: block.stride, padding: 0), $0.bn, batches: batches, relu: false)
        } ?? x
      let convolved = tape.convolution(x, block.conv1, stride: block.stride, padding: 1)
      let inner = tape.batchNorm(convolved, block.bn1, batches: batches, relu: true)
      return tape.batchNorm(
        tape.convolution(inner, block.conv2, stride: 1, padding: 1), block.bn2, batches: batches, relu: true, adding: shortcut)
    }
  }

  /// Features [N, D] → assignment probabilities [N, C] of one head.
  public func probabilities(_ features: Variable, head: Int, on tape: Tape) -> Variable {
    tape.softmax(tape.linear(features, weight: headLayers[head].weight, bias: headLayers[head].bias))
  }

  // MARK: Names and axes of the equivalent PyTorch module

  /// Everything inference needs, by name; convolutions as [out, in, kh, kw].
  public func stateDictionary() -> [(name: String, tensor: Tensor)] {
    parameters.map { ($0.name, Self.exported($0.value)) }
      + batchNorms.flatMap { [("\($0.name).running_mean", $0.runningMean), ("\($0.name).running_var", $0.runningVariance)] }
  }

  /// - Returns: the name of the first entry that is missing or of another shape, nil when all was loaded.
  public func load(_ state: [(name: String, tensor: Tensor)]) -> String? {
    let byName = Dictionary(state.map { ($0.name, $0.tensor) }) { $1 }
    for parameter in parameters {
      guard var tensor = byName[parameter.name] else { return parameter.name }
      if tensor.shape.count == 4 { tensor = Self.moveAxes(tensor, from: [2, 3, 1, 0]) }
      guard tensor.shape == parameter.value.shape else { return parameter.name }
      parameter.value = tensor
    }
    for layer in batchNorms {
      guard let mean = byName["\(layer.name).running_mean"], mean.shape == layer.runningMean.shape else {
        return "\(layer.name).running_mean"
      }
      guard let variance = byName["\(layer.name).running_var"], variance.shape == mean.shape else { return "\(layer.name).running_var" }
      (layer.runningMean, layer.runningVariance) = (mean, variance)
    }
    return nil
  }

  /// A convolution's weights [kh, kw, in, out] as [out, in, kh, kw]; others as they are.
  package static func exported(_ parameter: Tensor) -> Tensor {
    parameter.shape.count == 4 ? moveAxes(parameter, from: [3, 2, 0, 1]) : parameter
  }

  /// The tensor whose axis i is axis `order[i]` of x.
  private static func moveAxes(_ x: Tensor, from order: [Int]) -> Tensor {
    var strides = [1, 1, 1, 1]
    for axis in [2, 1, 0] { strides[axis] = strides[axis + 1] * x.shape[axis + 1] }
    let shape = order.map { x.shape[$0] }
    let steps = order.map { strides[$0] }
    let source = x.scalars
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
