import Gradients
import Tensors

/// DEC's fully connected auto-encoder (Xie et al. 2016): `encoder.i` Linear layers D – 500 – 500 – 2000 – 10 and their mirror `decoder.i`, ReLU behind each
/// but the code and the output.
///
/// Layer i of the encoder and layer `layers − 1 − i` of the decoder are a pair that greedy pre-training trains alone.
/// It is used by one thread at a time, which is the caller's care.
public final class StackedAutoencoder: Network, @unchecked Sendable {
  /// DEC's.
  public static let widths = [500, 500, 2000, 10]

  /// Inputs, then the outputs of every encoder layer; the last is the code's.
  public let sizes: [Int]
  public let named: NamedParameters
  private let encoder, decoder: [(weight: Parameter, bias: Parameter)]

  public var layers: Int { encoder.count }

  /// Weights N(0, 0.01²), biases 0, as DEC has them.
  public init(inputs: Int, widths: [Int], seed: UInt64) {
    precondition(inputs > 0 && !widths.isEmpty && widths.allSatisfy { $0 > 0 }, "\(inputs) inputs, layers of \(widths)")
    let sizes = [inputs] + widths
    self.sizes = sizes
    var named = NamedParameters(seed: seed)
    func layer(_ name: String, _ inputs: Int, _ outputs: Int) -> (Parameter, Parameter) {
      (
        named.add("\(name).weight", [outputs, inputs], .normal(deviation: 0.01)),
        named.add("\(name).bias", [outputs], .zeros)
      )
    }
    encoder = widths.indices.map { layer("encoder.\($0)", sizes[$0], sizes[$0 + 1]) }
    decoder = widths.indices.map { layer("decoder.\($0)", sizes[widths.count - $0], sizes[widths.count - $0 - 1]) }
    self.named = named
  }

  /// Bytes that a training step of so many rows takes at the least.
  public func leastBytes(rows: Int) -> Int { named.leastBytes(images: rows, valuesPerImage: 4 * sizes.reduce(0, +) - 2 * sizes[0]) }

  /// Rows [N, D] → codes [N, last width].
  public func encode(_ x: Variable, on tape: Tape) -> Variable { (0..<layers).reduce(x) { encode($0, layer: $1, on: tape) } }

  /// Codes → reconstructions [N, D].
  public func decode(_ code: Variable, on tape: Tape) -> Variable { (0..<layers).reduce(code) { decode($0, layer: $1, on: tape) } }

  /// One encoder layer, 0 the first, with the ReLU behind it unless it gives the code.
  public func encode(_ x: Variable, layer: Int, on tape: Tape) -> Variable {
    let y = tape.linear(x, weight: encoder[layer].weight, bias: encoder[layer].bias)
    return layer == layers - 1 ? y : tape.relu(y)
  }

  /// One decoder layer, 0 that of the code, with the ReLU behind it unless it gives the output.
  public func decode(_ x: Variable, layer: Int, on tape: Tape) -> Variable {
    let y = tape.linear(x, weight: decoder[layer].weight, bias: decoder[layer].bias)
    return layer == layers - 1 ? y : tape.relu(y)
  }

  /// The parameters of a pair of layers: encoder layer `layer` and its mirror.
  public func pair(_ layer: Int) -> [Parameter] {
    let mirror = layers - 1 - layer
    return [encoder[layer].weight, encoder[layer].bias, decoder[mirror].weight, decoder[mirror].bias]
  }
}
