/// Which kernels compute a convolution.
enum ConvolutionAlgorithm {
  /// For channel counts off the vector width.
  case direct
  case patches
  case winograd3
  case winograd4
  case winograd5
  case winograd6

  /// The algorithm of least counted cost, in multiply-adds of 16 lanes for one image; a function of the shape alone.
  ///
  /// Patches: 9·P·Q·(C·K/16 + `transformCost`·C/16). F(m, 3): per tile t²·C·K/16 for the products and `transformCost`·t² for the transforms of every
  /// 16 channels in and out, loads and stores included.
  static func choice(for s: ConvolutionShape) -> ConvolutionAlgorithm {
    guard PatchConvolution.suits(s) else { return .direct }
    guard s.kernel == 3, s.stride == 1, s.padding == 1 else { return .patches }
    let transformCost = 8.0
    let pair = Double(s.inputChannels * s.outputChannels) / 16
    let sides = Double(s.inputChannels + s.outputChannels) / 16
    func tiled(_ m: Int) -> Double {
      let tiles = (s.height + m - 1) / m * ((s.width + m - 1) / m)
      return Double(tiles * (m + 2) * (m + 2)) * (pair + transformCost * sides)
    }
    let patches = Double(9 * s.height * s.width) * (pair + transformCost * Double(s.inputChannels) / 16)
    let costs: [(cost: Double, algorithm: ConvolutionAlgorithm)] = [
      (patches, .patches), (tiled(3), .winograd3), (tiled(4), .winograd4), (tiled(5), .winograd5), (tiled(6), .winograd6),
    ]
    return costs.min { $0.cost < $1.cost }?.algorithm ?? .direct
  }
}

extension Convolution {
  /// y of a shape for which `choice` is an F(m, 3).
  static func winograd<Tile: WinogradTile>(_: Tile.Type, _ s: ConvolutionShape, _ x: Tensor, weights: Tensor, team: ThreadTeam) -> Tensor {
    let y = Tensor(uninitialized: s.output)
    WinogradConvolution<Tile>.forward(
      WinogradGrid(s, outputs: Tile.outputs), x, channels: s.inputChannels,
      filters: WinogradFilters<Tile>.transformed(weights, turned: false, team: team), outputs: s.outputChannels, y: y, team: team)
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
      filters: WinogradFilters<Tile>.transformed(weights, turned: true, team: team), outputs: s.inputChannels, y: dx, team: team)
    return (dx, dw)
  }
}
