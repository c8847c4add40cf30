/// Which kernels compute a convolution.
enum ConvolutionAlgorithm {
  /// For channel counts off the vector width.
  case direct
  case patches
  case winograd(any WinogradTile.Type)

  /// The algorithm of least counted cost, in multiply-adds of 16 lanes for one image; a function of the shape alone.
  ///
  /// Patches: k²·P·Q·(C·K/16 + `transformCost`·C/16). Fast convolutions: per tile and product C·K/16 multiply-adds and `transformCost` for the
  /// transforms of every 16 channels in and out, loads and stores included; a tenth less for a whole map, whose error is a tenth of the others'.
  static func choice(for s: ConvolutionShape) -> ConvolutionAlgorithm {
    guard PatchConvolution.suits(s) else { return .direct }
    let transformCost = 8.0
    let pair = Double(s.inputChannels * s.outputChannels) / 16
    let sides = Double(s.inputChannels + s.outputChannels) / 16
    func cost(_ tile: any WinogradTile.Type) -> Double {
      let tiles = ((s.outputHeight + tile.outputs - 1) / tile.outputs) * ((s.outputWidth + tile.outputs - 1) / tile.outputs)
      let wholeMap = tile.margin == 0 ? 0.9 : 1
      return wholeMap * Double(tiles * tile.products) * (pair + transformCost * sides)
    }
    let patches = Double(s.kernel * s.kernel * s.outputHeight * s.outputWidth) * (pair + transformCost * Double(s.inputChannels) / 16)
    let best = tiles.filter { $0.suits(s) }.min { cost($0) < cost($1) }
    return best.flatMap { cost($0) < patches ? .winograd($0) : nil } ?? .patches
  }

  private static let tiles: [any WinogradTile.Type] = [
    WinogradMap3.self, WinogradCyclicMap5.self, WinogradTile4.self, WinogradTile5.self, WinogradTile6.self, WinogradStrided3.self,
    WinogradStridedMap5.self,
    WinogradStridedMap9.self,
  ]
}

extension WinogradTile {
  /// Whether these tiles compute a convolution of this shape.
  static func suits(_ s: ConvolutionShape) -> Bool {
    let wholeMap = s.height == inputs && s.width == inputs
    return PatchConvolution.suits(s) && s.kernel == 3 && s.padding == 1 && s.stride == stride && (margin == 1 || wholeMap)
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
