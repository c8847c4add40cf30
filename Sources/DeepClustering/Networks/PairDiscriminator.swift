import Gradients
import Tensors

/// DCCM's discriminator T of maps M and rows Y: convolutions 1 × 1 without bias, (channels + K) → width → width → 1 with ReLU between, on M with Y beside it
/// at every position.
final class PairDiscriminator: Network {
  private(set) var named: NamedParameters
  private let layers: [Parameter]

  /// - Parameters:
  ///   - maps: channels of M.
  ///   - rows: length of Y.
  init(maps: Int, rows: Int, width: Int, seed: UInt64) {
    // Seeds of settings have 31 bits: streams beyond are those of no network.
    var named = NamedParameters(seed: seed | 1 << 32)
    let sizes = [maps + rows, width, width, 1]
    layers = (0..<3).map { layer in
      named.add("discriminator.\(layer).weight", [1, 1, sizes[layer], sizes[layer + 1]], .he(fanIn: sizes[layer]))
    }
    self.named = named
  }

  /// M [R, H, W, C] and Y [R, K], pair by pair → scores [R, H, W, 1].
  func scores(_ maps: Variable, _ rows: Variable, on tape: Tape) -> Variable {
    let beside = tape.broadcast(rows, height: maps.value.shape[1], width: maps.value.shape[2])
    return layers.enumerated().reduce(tape.concatenate([maps, beside])) { x, layer in
      let y = tape.convolution(x, layer.element, stride: 1, padding: 0)
      return layer.offset == layers.count - 1 ? y : tape.relu(y)
    }
  }
}
