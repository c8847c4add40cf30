/// Which kernels compute a convolution.
enum ConvolutionAlgorithm {
  case direct
  case winograd3
  case winograd4

  /// The algorithm of least counted cost, in multiply-adds of 16 lanes for one image; a function of the shape alone.
  ///
  /// Direct: 9·P·Q·C·K/16, an eighth more for the outputs that fall between rows. F(m, 3): per tile t²·C·K/16 for the products and
  /// `transformCost`·t² for the transforms of every 16 channels in and out, loads and stores included.
  static func choice(for s: ConvolutionShape) -> ConvolutionAlgorithm {
    guard s.kernel == 3, s.stride == 1, s.padding == 1, s.inputChannels % 16 == 0, s.outputChannels % 16 == 0 else { return .direct }
    let transformCost = 8.0
    let pair = Double(s.inputChannels * s.outputChannels) / 16
    let sides = Double(s.inputChannels + s.outputChannels) / 16
    func tiled(_ m: Int) -> Double {
      let tiles = (s.height + m - 1) / m * ((s.width + m - 1) / m)
      return Double(tiles * (m + 2) * (m + 2)) * (pair + transformCost * sides)
    }
    let direct = 9.0 / 8 * Double(9 * s.height * s.width) * pair
    let costs: [(cost: Double, algorithm: ConvolutionAlgorithm)] = [(direct, .direct), (tiled(3), .winograd3), (tiled(4), .winograd4)]
    return costs.min { $0.cost < $1.cost }?.algorithm ?? .direct
  }
}

extension Convolution {
  /// y of a shape for which `choice` is an F(m, 3).
  static func winograd<Tile: WinogradTile>(_: Tile.Type, _ s: ConvolutionShape, _ x: Tensor, weights: Tensor, team: ThreadTeam) -> Tensor {
    let y = Tensor(uninitialized: s.output)
    WinogradConvolution<Tile>.forward(
      WinogradGrid(s, outputs: Tile.outputs), x, channels: s.inputChannels,
      filters: WinogradConvolution<Tile>.transformed(weights, team: team), outputs: s.outputChannels, y: y, team: team)
    return y
  }

  static func winogradBackward<Tile: WinogradTile>(
    _: Tile.Type, _ s: ConvolutionShape, _ x: Tensor, weights: Tensor, outputGradient: Tensor, needsInputGradient: Bool, team: ThreadTeam
  ) -> (input: Tensor?, weights: Tensor) {
    let grid = WinogradGrid(s, outputs: Tile.outputs)
    let dw = WinogradConvolution<Tile>.weightGradient(grid, x, outputGradient, team: team)
    guard needsInputGradient else { return (nil, dw) }
    let dx = Tensor(uninitialized: x.shape)
    WinogradConvolution<Tile>.forward(
      grid, outputGradient, channels: s.outputChannels,
      filters: WinogradConvolution<Tile>.transformed(turned(weights, team: team), team: team), outputs: s.inputChannels, y: dx, team: team)
    return (dx, dw)
  }

  /// The filters turned by half, channels in and out exchanged: [3, 3, C, K] → [3, 3, K, C].
  private static func turned(_ weights: Tensor, team: ThreadTeam) -> Tensor {
    let (c, k) = (weights.shape[2], weights.shape[3])
    let result = Tensor(uninitialized: [3, 3, k, c])
    team.forEach(9) { tap in
      let (from, to) = (weights.base + tap * c * k, result.base + (8 - tap) * c * k)
      // Squares of 16 × 16 keep both sides in the first-level cache.
      for firstOutput in stride(from: 0, to: k, by: 16) {
        for firstInput in stride(from: 0, to: c, by: 16) {
          for output in firstOutput..<firstOutput + 16 {
            for input in firstInput..<firstInput + 16 { to[output * c + input] = from[input * k + output] }
          }
        }
      }
    }
    return result
  }
}
