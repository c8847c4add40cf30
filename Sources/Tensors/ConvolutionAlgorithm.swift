/// Which kernels compute a convolution.
enum ConvolutionAlgorithm {
  case patches
  case winograd(any WinogradTile.Type)

  /// The algorithm of least counted cost, in multiply-adds of 16 lanes for one image; a function of the shape alone.
  ///
  /// Patches: k²·P·Q·(C·K/16 + `transformCost`·C/16). Fast convolutions: per tile and product C·K/16 multiply-adds and `transformCost` for the
  /// transforms of every 16 channels in and out, loads and stores included. Weights make exactness count: a whole map, which errs by 2e-7, is taken
  /// up to a tenth above the least cost; F(5, 3), which errs by 3e-6, where it saves a fifth on F(4, 3) and its 1e-6.
  static func choice(for s: ConvolutionShape) -> ConvolutionAlgorithm {
    let transformCost = 8.0
    let pair = Double(s.inputChannels * s.outputChannels) / 16
    let sides = Double(s.inputChannels + s.outputChannels) / 16
    func cost(_ tile: any WinogradTile.Type) -> Double {
      let tiles = ((s.outputHeight + tile.outputs - 1) / tile.outputs) * ((s.outputWidth + tile.outputs - 1) / tile.outputs)
      return Double(tiles * tile.products) * (pair + transformCost * sides)
    }
    let patches = Double(s.kernel * s.kernel * s.outputHeight * s.outputWidth) * (pair + transformCost * Double(s.inputChannels) / 16)
    let best = tiles.filter { $0.tile.suits(s) }.map { ($0.tile, $0.weight * cost($0.tile)) }.min { $0.1 < $1.1 }
    return best.flatMap { tile, cost in cost < patches ? .winograd(tile) : nil } ?? .patches
  }

  private static let tiles: [(tile: any WinogradTile.Type, weight: Double)] = [
    (WinogradTile4.self, 1), (WinogradTile5.self, 1.25), (WinogradStrided3.self, 1), (WinogradMap3.self, 0.9),
    (WinogradCyclicMap5.self, 0.9), (WinogradStridedMap5.self, 0.9), (WinogradStridedMap9.self, 0.9),
  ]
}

extension WinogradTile {
  /// Whether these tiles compute a convolution of this shape.
  static func suits(_ s: ConvolutionShape) -> Bool {
    let wholeMap = s.height == inputs && s.width == inputs
    return s.inputChannels % 16 == 0 && s.outputChannels % 16 == 0 && s.kernel == 3 && s.padding == 1 && s.stride == stride && (margin == 1 || wholeMap)
  }

  static func forward(_ s: ConvolutionShape, _ x: Tensor, weights: Tensor, team: ThreadTeam) -> Tensor {
    WinogradConvolution<Self>.forward(WinogradGrid(s, Self.self), x, weights: weights, team: team)
  }

  static func backward(
    _ s: ConvolutionShape, _ x: Tensor, weights: Tensor, outputGradient: Tensor, needsInputGradient: Bool, team: ThreadTeam
  ) -> (input: Tensor?, weights: Tensor) {
    WinogradConvolution<Self>.backward(
      WinogradGrid(s, Self.self), x, outputGradient, weights: weights, needsInputGradient: needsInputGradient, team: team)
  }
}
