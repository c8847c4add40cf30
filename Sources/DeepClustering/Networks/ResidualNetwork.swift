import Gradients
import Tensors

/// The backbone and heads of CCR (§4.2; ResNet-34 for widths 64/128/256/512 and blocks 3/4/6/3): stem 3×3 – BN – ReLU – max pool
/// 2×2 stride 2 padding 1, stages of basic blocks, global average pool, one Linear + softmax per head.
///
/// Its parameters change while a step is applied; it is used by one thread at a time, which is the caller's care.
public final class ResidualNetwork: Network, @unchecked Sendable {
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
  public let named: NamedParameters

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
    return named.leastBytes(images: images, valuesPerImage: values)
  }

  /// Weights by PyTorch's defaults, U(−1/√fan_in, 1/√fan_in), a stream of random numbers for each parameter (A29).
  /// - Parameter tracksStatistics: false where inference normalises by the statistics of its batches, as training does.
  public init(inputChannels: Int, widths: [Int], blocks: [Int], heads: [Int], tracksStatistics: Bool = true, seed: UInt64) {
    precondition(widths.count == blocks.count && !widths.isEmpty && !heads.isEmpty, "widths \(widths), blocks \(blocks), heads \(heads)")
    self.widths = widths
    self.blocks = blocks
    self.heads = heads
    var named = NamedParameters(seed: seed)
    func convolution(_ name: String, _ kernel: Int, _ from: Int, _ to: Int) -> Parameter {
      named.add("\(name).weight", [kernel, kernel, from, to], .uniform(fanIn: kernel * kernel * from))
    }
    func batchNorm(_ name: String, _ channels: Int) -> BatchNorm { named.addBatchNorm(name, channels, tracksStatistics: tracksStatistics) }
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
        named.add("heads.\(index).weight", [outputs, channels], .uniform(fanIn: channels)),
        named.add("heads.\(index).bias", [outputs], .uniform(fanIn: channels))
      )
    }
    self.named = named
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
}
