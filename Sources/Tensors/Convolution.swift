/// Convolution over channels-last images, forward and backward; no bias (a batch normalisation follows everywhere).
public enum Convolution {
  /// How many partial weight gradients are summed apart and merged in order; fixed, so that threads do not matter.
  private static let weightGradientPieces = 4

  /// y = x * weights: x [N, H, W, C], weights [k, k, C, K] → [N, P, Q, K]. Cost 2·N·P·Q·k²·C·K flop.
  public static func forward(_ x: Tensor, weights: Tensor, stride: Int, padding: Int, team: ThreadTeam) -> Tensor {
    let shape = ConvolutionShape(input: x.shape, weights: weights.shape, stride: stride, padding: padding)
    switch ConvolutionAlgorithm.choice(for: shape) {
    case .patches: return PatchConvolution.forward(shape, x, weights: weights, team: team)
    case .winograd(let tile): return tile.forward(shape, x, weights: weights, team: team)
    case .direct: break
    }
    let plan = ConvolutionPlan(shape)
    let packedWeights = VectorBuffer(
      matrix: weights, rows: shape.kernel * shape.kernel * shape.inputChannels, columns: shape.outputChannels)
    return applying(plan, to: x, weights: packedWeights, team: team)
  }

  private static func applying(_ plan: ConvolutionPlan, to x: Tensor, weights: VectorBuffer, team: ThreadTeam) -> Tensor {
    let shape = plan.shape
    let (c, k, vectors) = (shape.inputChannels, shape.outputChannels, weights.vectorsPerRow)
    let y = Tensor(uninitialized: shape.output)
    let starts = plan.taps.map(\.start)
    let (imageSize, outputSize) = (shape.height * shape.width * c, shape.outputHeight * shape.outputWidth * k)
    let runs = Pieces(shape.images, most: Pieces.imageRuns)
    team.forEach(runs.count) { run in
      let packed = FloatBuffer(zeros: plan.packedPixels * c)
      let flat = VectorBuffer(rows: plan.flatOutputs + ConvolutionKernel.tallest, vectorsPerRow: vectors)
      for image in runs[run] {
        plan.pack(x.base + image * imageSize, into: packed.base)
        starts.withUnsafeBufferPointer {
          ConvolutionKernel.forward(
            packed.base, starts: $0, channels: c, weights: weights.base, vectors: vectors, count: plan.flatOutputs, y: flat.base)
        }
        let out = y.base + image * outputSize
        for row in 0..<shape.outputHeight {
          let from = flat.floats + row * plan.pitch * vectors * 16
          let to = out + row * shape.outputWidth * k
          if k == vectors * 16 {
            to.update(from: from, count: shape.outputWidth * k)
          } else {
            for column in 0..<shape.outputWidth { (to + column * k).update(from: from + column * vectors * 16, count: k) }
          }
        }
      }
    }
    return y
  }

  /// The gradients of a loss with respect to images and weights, from that with respect to the output [N, P, Q, K].
  /// - Parameter needsInputGradient: false for the first layer, whose images nobody asks about.
  public static func backward(
    _ x: Tensor, weights: Tensor, stride: Int, padding: Int, outputGradient: Tensor, needsInputGradient: Bool, team: ThreadTeam
  ) -> (input: Tensor?, weights: Tensor) {
    let shape = ConvolutionShape(input: x.shape, weights: weights.shape, stride: stride, padding: padding)
    precondition(outputGradient.shape == shape.output, "gradient \(outputGradient.shape) for output \(shape.output)")
    switch ConvolutionAlgorithm.choice(for: shape) {
    case .patches:
      return PatchConvolution.backward(
        shape, x, weights: weights, outputGradient: outputGradient, needsInputGradient: needsInputGradient, team: team)
    case .winograd(let tile):
      return tile.backward(
        shape, x, weights: weights, outputGradient: outputGradient, needsInputGradient: needsInputGradient, team: team)
    case .direct: break
    }
    let plan = ConvolutionPlan(shape)
    return (
      needsInputGradient ? inputGradient(plan, weights: weights, outputGradient: outputGradient, team: team) : nil,
      weightGradient(plan, x, outputGradient: outputGradient, team: team)
    )
  }

  /// dx of phase f at q = Σ_{taps of f} dy[q − shift(tap)] · w[tap]ᵀ: the forward kernel once more, per phase, over a dy with zeros around.
  private static func inputGradient(_ plan: ConvolutionPlan, weights: Tensor, outputGradient: Tensor, team: ThreadTeam) -> Tensor {
    let shape = plan.shape
    let (c, k) = (shape.inputChannels, shape.outputChannels)
    let margin = (shape.kernel - 1) / shape.stride * (plan.pitch + 1)
    let phases = (0..<shape.stride * shape.stride).map { phase in
      plan.taps.filter { $0.start / plan.phasePixels == phase }
    }
    // w[tap]ᵀ of each phase: rows (tap, output channel), columns input channels.
    let transposed = phases.map { taps in
      let buffer = VectorBuffer(rows: max(1, taps.count * k), vectorsPerRow: (c + 15) / 16)
      for (t, tap) in taps.enumerated() {
        for input in 0..<c {
          for output in 0..<k {
            buffer.floats[(t * k + output) * buffer.vectorsPerRow * 16 + input] = weights.base[(tap.number * c + input) * k + output]
          }
        }
      }
      return buffer
    }
    let starts = phases.enumerated().map { phase, taps in taps.map { margin - ($0.start - phase * plan.phasePixels) } }
    let dx = Tensor(uninitialized: [shape.images, shape.height, shape.width, c])
    let vectors = (c + 15) / 16
    let runs = Pieces(shape.images, most: Pieces.imageRuns)
    team.forEach(runs.count) { run in
      let padded = FloatBuffer(zeros: (margin + plan.phasePixels + ConvolutionKernel.tallest) * k)
      let packed = VectorBuffer(rows: phases.count * plan.phasePixels + ConvolutionKernel.tallest, vectorsPerRow: vectors)
      for image in runs[run] {
        spread(
          plan, outputGradient.base + image * shape.outputHeight * shape.outputWidth * k, channels: k, pitchChannels: k,
          into: padded.base + margin * k)
        for (phase, taps) in phases.enumerated() where !taps.isEmpty {
          starts[phase].withUnsafeBufferPointer {
            ConvolutionKernel.forward(
              padded.base, starts: $0, channels: k, weights: transposed[phase].base, vectors: vectors, count: plan.phasePixels,
              y: packed.base + phase * plan.phasePixels * vectors)
          }
        }
        plan.unpack(packed.floats, channels: c, pitch: vectors * 16, into: dx.base + image * shape.height * shape.width * c)
      }
    }
    return dx
  }

  /// dw[tap, c] = Σ_images Σ_q x[q + shift(tap), c] · dy[q], in `weightGradientPieces` runs of images merged in order.
  private static func weightGradient(_ plan: ConvolutionPlan, _ x: Tensor, outputGradient: Tensor, team: ThreadTeam) -> Tensor {
    let shape = plan.shape
    let (c, k) = (shape.inputChannels, shape.outputChannels)
    let vectors = (k + 15) / 16
    let offsets = plan.taps.flatMap { tap in (0..<c).map { tap.start * c + $0 } }
    let pieces = Pieces(shape.images, most: weightGradientPieces)
    let partial = (0..<pieces.count).map { _ in VectorBuffer(rows: offsets.count, vectorsPerRow: vectors) }
    team.forEach(pieces.count) { piece in
      let packed = FloatBuffer(zeros: plan.packedPixels * c)
      let dy = VectorBuffer(rows: plan.phasePixels, vectorsPerRow: vectors)
      for image in pieces[piece] {
        plan.pack(x.base + image * shape.height * shape.width * c, into: packed.base)
        spread(
          plan, outputGradient.base + image * shape.outputHeight * shape.outputWidth * k, channels: k, pitchChannels: vectors * 16,
          into: dy.floats)
        offsets.withUnsafeBufferPointer {
          ConvolutionKernel.weightGradient(
            packed.base, offsets: $0, channels: c, dy: dy.base, vectors: vectors, count: plan.flatOutputs, dw: partial[piece].base)
        }
      }
    }
    let gradient = Tensor(zeros: shape.weights)
    for part in partial {
      for row in 0..<offsets.count {
        for column in 0..<k { gradient.base[row * k + column] += part.floats[row * vectors * 16 + column] }
      }
    }
    return gradient
  }

  /// Copies dy [P, Q, K] to flat places of `pitch` pixels a row; the places between must be zero already.
  private static func spread(
    _ plan: ConvolutionPlan, _ dy: UnsafePointer<Float>, channels k: Int, pitchChannels: Int, into flat: UnsafeMutablePointer<Float>
  ) {
    let shape = plan.shape
    for row in 0..<shape.outputHeight {
      let (from, to) = (dy + row * shape.outputWidth * k, flat + row * plan.pitch * pitchChannels)
      if k == pitchChannels {
        to.update(from: from, count: shape.outputWidth * k)
      } else {
        for column in 0..<shape.outputWidth { (to + column * pitchChannels).update(from: from + column * k, count: k) }
      }
    }
  }
}

// MARK: - Plain twin

extension Convolution {
  /// The definition, in Double: what `forward` must agree with.
  package static func plainForward(_ x: Tensor, weights: Tensor, stride: Int, padding: Int) -> Tensor {
    let shape = ConvolutionShape(input: x.shape, weights: weights.shape, stride: stride, padding: padding)
    var y = [Double](repeating: 0, count: shape.output.reduce(1, *))
    eachProduct(shape) { x0, w0, y0 in y[y0] += Double(x.base[x0]) * Double(weights.base[w0]) }
    return Tensor(shape: shape.output, y.map(Float.init))
  }

  /// The definition's derivatives, in Double: what `backward` must agree with.
  package static func plainBackward(
    _ x: Tensor, weights: Tensor, stride: Int, padding: Int, outputGradient: Tensor
  ) -> (input: Tensor, weights: Tensor) {
    let shape = ConvolutionShape(input: x.shape, weights: weights.shape, stride: stride, padding: padding)
    var (dx, dw) = ([Double](repeating: 0, count: x.count), [Double](repeating: 0, count: weights.count))
    eachProduct(shape) { x0, w0, y0 in
      let g = Double(outputGradient.base[y0])
      dx[x0] += g * Double(weights.base[w0])
      dw[w0] += g * Double(x.base[x0])
    }
    return (Tensor(shape: x.shape, dx.map(Float.init)), Tensor(shape: weights.shape, dw.map(Float.init)))
  }

  private static func eachProduct(_ s: ConvolutionShape, _ body: (_ x: Int, _ w: Int, _ y: Int) -> Void) {
    for n in 0..<s.images {
      for p in 0..<s.outputHeight {
        for q in 0..<s.outputWidth {
          for i in 0..<s.kernel {
            for j in 0..<s.kernel {
              let (row, column) = (p * s.stride + i - s.padding, q * s.stride + j - s.padding)
              guard row >= 0, row < s.height, column >= 0, column < s.width else { continue }
              for c in 0..<s.inputChannels {
                for k in 0..<s.outputChannels {
                  body(
                    ((n * s.height + row) * s.width + column) * s.inputChannels + c,
                    ((i * s.kernel + j) * s.inputChannels + c) * s.outputChannels + k,
                    ((n * s.outputHeight + p) * s.outputWidth + q) * s.outputChannels + k)
                }
              }
            }
          }
        }
      }
    }
  }
}
