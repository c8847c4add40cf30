import Gradients
import Tensors

/// The convolutional auto-encoder that the rows AE, DAE, VAE and DeCNN share: convolutions 4 × 4, stride 2, padding 1, each halving the sides, with batch
/// normalisation and ELU; a linear code; and its mirror of transposed convolutions.
///
/// Layers: `encoder.i` conv (no bias) – bn – ELU; flatten; `code` Linear → [N, D] (and `log_variance` Linear of a variational one); `expand` Linear – ELU –
/// unflatten; `decoder.i` transposed conv – bn – ELU, the last with a bias and nothing behind it. Without batch normalisation every convolution has a bias.
/// It is used by one thread at a time, which is the caller's care.
public final class ConvAutoencoder: Network, @unchecked Sendable {
  private struct Layer {
    let weight: Parameter
    let bias: Parameter?
    let norm: BatchNorm?
  }

  /// What encoding gives.
  public struct Encoded: Sendable {
    /// [N, s, s, last width], behind the last ELU.
    public let maps: Variable
    /// [N, D]; the mean of a variational encoder.
    public let code: Variable
    /// [N, D], of a variational encoder.
    public let logVariance: Variable?
  }

  /// Height and width, and channels, of the images.
  public let size, channels: Int
  /// Channels of each encoder layer.
  public let widths: [Int]
  /// D
  public let codeSize: Int
  public let named: NamedParameters

  private let encoder, decoder: [Layer]
  private let code, expand: (weight: Parameter, bias: Parameter)
  private let logVariance: (weight: Parameter, bias: Parameter)?

  /// The widths that end in maps of 4 × 4 or 6 × 6: 32, 64, 128, and 256 for images of 64 pixels and more.
  public static func widths(size: Int) -> [Int] { size >= 64 ? [32, 64, 128, 256] : [32, 64, 128] }

  /// Weights N(0, 2/fan_in) where an ELU follows, with fan_in the number of products in a sum; all others by PyTorch's defaults.
  /// - Parameters:
  ///   - size: a multiple of 2 to the number of widths.
  ///   - batchNorm: DeCNN goes without.
  public init(
    size: Int, channels: Int, widths: [Int], codeSize: Int, batchNorm: Bool = true, variational: Bool = false, seed: UInt64
  ) {
    precondition(
      !widths.isEmpty && size > 0 && size % (1 << widths.count) == 0, "images of \(size) pixels cannot be halved \(widths.count) times")
    self.size = size
    self.channels = channels
    self.widths = widths
    self.codeSize = codeSize
    var named = NamedParameters(seed: seed)
    func linear(_ name: String, _ inputs: Int, _ outputs: Int, he: Bool) -> (Parameter, Parameter) {
      (
        named.add("\(name).weight", [outputs, inputs], he ? .he(fanIn: inputs) : .uniform(fanIn: inputs)),
        named.add("\(name).bias", [outputs], .uniform(fanIn: inputs))
      )
    }
    encoder = widths.indices.map { index in
      let (inputs, outputs) = (index == 0 ? channels : widths[index - 1], widths[index])
      let name = "encoder.\(index)"
      return Layer(
        weight: named.add("\(name).conv.weight", [4, 4, inputs, outputs], .he(fanIn: 16 * inputs)),
        bias: batchNorm ? nil : named.add("\(name).conv.bias", [outputs], .uniform(fanIn: 16 * inputs)),
        norm: batchNorm ? named.addBatchNorm("\(name).bn", outputs) : nil)
    }
    let side = size >> widths.count
    let flat = side * side * widths[widths.count - 1]
    code = linear("code", flat, codeSize, he: false)
    logVariance = variational ? linear("log_variance", flat, codeSize, he: false) : nil
    expand = linear("expand", codeSize, flat, he: true)
    decoder = widths.indices.map { index in
      let from = widths.count - 1 - index
      let (inputs, outputs) = (widths[from], from == 0 ? channels : widths[from - 1])
      let (name, last) = ("decoder.\(index)", from == 0)
      return Layer(
        // Of 4 × 4 taps with stride 2, a pixel of the output sees 2 × 2. PyTorch's default counts the outputs' taps.
        weight: named.add("\(name).conv.weight", [4, 4, outputs, inputs], last ? .uniform(fanIn: 16 * outputs) : .he(fanIn: 4 * inputs)),
        bias: batchNorm && !last ? nil : named.add("\(name).conv.bias", [outputs], .uniform(fanIn: 16 * outputs)),
        norm: batchNorm && !last ? named.addBatchNorm("\(name).bn", outputs) : nil)
    }
    self.named = named
  }

  /// Bytes that a training step of so many images takes at the least.
  public func leastBytes(images: Int) -> Int {
    // Each layer keeps what its convolution, its normalisation and its ELU give.
    let perLayer = encoder[0].norm == nil ? 2 : 3
    var values = size * size * channels
    for (index, width) in widths.enumerated() {
      let side = size >> (index + 1)
      values += 2 * perLayer * side * side * width
    }
    return named.leastBytes(images: images, valuesPerImage: values)
  }

  /// - Parameters:
  ///   - images: [N, S, S, C].
  ///   - batches: sizes of the batches, in order, that the images are; batch normalisation keeps them apart.
  public func encode(_ images: Variable, batches: [Int], on tape: Tape) -> Encoded {
    let maps = encoder.reduce(images) { x, layer in
      activated(tape.convolution(x, layer.weight, bias: layer.bias, stride: 2, padding: 1), layer.norm, batches, tape)
    }
    let flat = tape.flatten(maps)
    return Encoded(
      maps: maps, code: tape.linear(flat, weight: code.weight, bias: code.bias),
      logVariance: logVariance.map { tape.linear(flat, weight: $0.weight, bias: $0.bias) })
  }

  /// Codes [N, D] → logits [N, S, S, C] of the pixels; their sigmoid is the reconstruction of images in 0…1.
  public func decode(_ code: Variable, batches: [Int], on tape: Tape) -> Variable {
    let side = size >> widths.count
    let start = tape.unflatten(tape.elu(tape.linear(code, weight: expand.weight, bias: expand.bias)), height: side, width: side)
    return decoder.enumerated().reduce(start) { x, layer in
      let (index, layer) = layer
      let y = tape.transposedConvolution(x, layer.weight, bias: layer.bias, stride: 2, padding: 1)
      return index == decoder.count - 1 ? y : activated(y, layer.norm, batches, tape)
    }
  }

  private func activated(_ x: Variable, _ norm: BatchNorm?, _ batches: [Int], _ tape: Tape) -> Variable {
    tape.elu(norm.map { tape.batchNorm(x, $0, batches: batches, relu: false) } ?? x)
  }
}
