/// Which kernels compute a convolution.
enum ConvolutionAlgorithm {
  case patches
  case winograd(any WinogradTile.Type)
  /// The convolution of 2 × 2 taps that `SpaceToDepth` makes of it, and its tile.
  case folded(SpaceToDepth, any WinogradTile.Type)

  /// The algorithm of least counted cost, in multiply-adds of 16 lanes for one image; a function of the shape alone.
  ///
  /// Patches: k²·P·Q·(C·K/16 + 8·C/16). Fast convolutions: per tile and product C·K/16 multiply-adds and 8 for the transforms of every 16 channels in
  /// and out, loads and stores included; a folded one counts as that of 2 × 2 taps, its copies not at all. Weights make exactness count: a whole map,
  /// which errs by 2e-7, is taken up to a tenth above the least cost; F(5, 3), which errs by 3e-6, where it saves a fifth on F(4, 3) and its 1e-6.
  static func choice(for s: ConvolutionShape) -> ConvolutionAlgorithm {
    func candidates(_ s: ConvolutionShape, _ algorithm: (any WinogradTile.Type) -> ConvolutionAlgorithm) -> [(ConvolutionAlgorithm, Double)]
    {
      tiles.filter { $0.tile.suits(s) }.map { (algorithm($0.tile), $0.weight * cost($0.tile, s)) }
    }
    let folded = SpaceToDepth(s).map { fold in candidates(fold.inner) { .folded(fold, $0) } } ?? []
    let best = (candidates(s) { .winograd($0) } + folded).min { $0.1 < $1.1 }
    let patches =
      Double(s.kernel * s.kernel * s.outputHeight * s.outputWidth)
      * multiplyAdds(s.inputChannels, s.outputChannels, sides: s.inputChannels)
    return best.flatMap { algorithm, cost in cost < patches ? algorithm : nil } ?? .patches
  }

  private static func cost(_ tile: any WinogradTile.Type, _ s: ConvolutionShape) -> Double {
    let tiles = ((s.outputHeight + tile.outputs - 1) / tile.outputs) * ((s.outputWidth + tile.outputs - 1) / tile.outputs)
    return Double(tiles * tile.products)
      * multiplyAdds(s.inputChannels, s.outputChannels, sides: s.inputChannels + s.outputChannels)
  }

  /// Of 16 lanes, for one product of a tile or one tap of a patch, and moving the channels of these sides.
  private static func multiplyAdds(_ c: Int, _ k: Int, sides: Int) -> Double {
    let transformCost = 8.0
    return (Double(c * k) + transformCost * Double(sides)) / 16
  }

  private static let tiles: [(tile: any WinogradTile.Type, weight: Double)] = [
    (WinogradTile4.self, 1), (WinogradTile5.self, 1.25), (WinogradStrided3.self, 1), (WinogradMap3.self, 0.9),
    (WinogradCyclicMap5.self, 0.9), (WinogradStridedMap5.self, 0.9), (WinogradStridedMap9.self, 0.9), (WinogradTwoTaps4.self, 1),
  ]
}

extension WinogradTile {
  /// Whether these tiles compute a convolution of this shape.
  static func suits(_ s: ConvolutionShape) -> Bool {
    let wholeMap = s.height == inputs && s.width == inputs
    return s.inputChannels % 16 == 0 && s.outputChannels % 16 == 0 && s.kernel == taps && s.padding == padding && s.stride == stride
      && (margin == padding || wholeMap)
  }

  static func forward(_ s: ConvolutionShape, _ x: Tensor, weights: Tensor, team: ThreadTeam) -> Tensor {
    WinogradConvolution<Self>.forward(WinogradGrid(s, Self.self, for: .images(threads: team.threads)), x, weights: weights, team: team)
  }

  static func adjoint(_ s: ConvolutionShape, _ outputGradient: Tensor, weights: Tensor, team: ThreadTeam) -> Tensor {
    WinogradConvolution<Self>.adjoint(
      WinogradGrid(s, Self.self, for: .images(threads: team.threads)), outputGradient, weights: weights, team: team)
  }

  static func backward(
    _ s: ConvolutionShape, _ x: Tensor, weights: Tensor, outputGradient: Tensor, needsInputGradient: Bool, team: ThreadTeam
  ) -> (input: Tensor?, weights: Tensor) {
    WinogradConvolution<Self>.backward(
      WinogradGrid(s, Self.self, for: .sums), x, outputGradient, weights: weights, needsInputGradient: needsInputGradient, team: team)
  }
}
