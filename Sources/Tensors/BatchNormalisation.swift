/// Batch normalisation over all axes but the last (Ioffe & Szegedy 2015), with an optional residual and ReLU in the same pass:
/// z = γ (x − μ) / √(σ² + ε) + β (+ residual), y = z or max(z, 0). x is [M, C] with M = all other axes together.
public enum BatchNormalisation {
  private typealias Address = ChannelStrips.Address
  private typealias Strip = ChannelStrips.Strip

  /// ε of PyTorch's default.
  public static let epsilon: Float = 1e-5

  /// The statistics of one batch, per channel.
  public struct Statistics: Sendable {
    public let mean: [Float]
    /// The biased variance (divided by M).
    public let variance: [Float]
    public let count: Int
    public var inverseDeviation: [Float] { variance.map { 1 / ($0 + BatchNormalisation.epsilon).squareRoot() } }
  }

  /// Mean and biased variance per channel in one pass: sums of x − s and (x − s)² with s the first row, which lies within a few deviations of
  /// the mean, so that nothing cancels; Float inside a run of 64 rows, Double across runs in index order.
  /// - Parameter images: the part of the first axis to look at.
  public static func statistics(_ x: Tensor, images: Range<Int>, team: ThreadTeam) -> Statistics {
    let channels = x.shape[x.shape.count - 1]
    precondition(!images.isEmpty && x.shape[0] >= images.upperBound, "images \(images) of \(x.shape)")
    let rows = rows(of: images, in: x)
    let shift = (0..<channels).map { x.base[rows.lowerBound * channels + $0] }
    let constants = ChannelStrips.Constants(channels: channels, most: 1)
    defer { withExtendedLifetime(constants) {} }
    let shifts = constants.add(shift)
    let (sums, squares) = ChannelStrips.sums(rows: rows, channels: channels, team: team) { strip, sum, square in
      let s = strip.of(shifts)
      for row in 0..<strip.rows {
        let d = strip.load(x.base, row) - s
        sum += d
        square += d * d
      }
    }
    let count = Double(rows.count)
    return Statistics(
      mean: (0..<channels).map { Float(Double(shift[$0]) + sums[$0] / count) },
      variance: (0..<channels).map { Float(max(0, squares[$0] - sums[$0] * sums[$0] / count) / count) }, count: rows.count)
  }

  /// The rows of some images of x.
  private static func rows(of images: Range<Int>, in x: Tensor) -> Range<Int> {
    let perImage = x.count / x.shape[x.shape.count - 1] / max(1, x.shape[0])
    return images.lowerBound * perImage..<images.upperBound * perImage
  }

  /// y = γ (x − mean) · inverseDeviation + β (+ residual), then ReLU where asked, for some images of x and y.
  public static func apply(
    _ x: Tensor, images: Range<Int>, mean: [Float], inverseDeviation: [Float], gamma: Tensor, beta: Tensor, residual: Tensor?, relu: Bool,
    into y: Tensor, team: ThreadTeam
  ) {
    let channels = mean.count
    let scale = (0..<channels).map { gamma.base[$0] * inverseDeviation[$0] }
    let constants = ChannelStrips.Constants(channels: channels, most: 2)
    defer { withExtendedLifetime(constants) {} }
    let (scales, shifts) = (constants.add(scale), constants.add((0..<channels).map { beta.base[$0] - mean[$0] * scale[$0] }))
    let residual = residual.map { Address(floats: $0.base) }
    ChannelStrips.each(rows: rows(of: images, in: x), channels: channels, team: team) { strip in
      let (scale, shift) = (strip.of(scales), strip.of(shifts))
      let least = Lanes(repeating: relu ? 0 : -.infinity)
      if let residual {
        for row in 0..<strip.rows {
          let z = shift.addingProduct(strip.load(x.base, row), scale) + strip.load(residual.floats, row)
          strip.store(z.larger(least), y.base, row)
        }
      } else {
        for row in 0..<strip.rows { strip.store(shift.addingProduct(strip.load(x.base, row), scale).larger(least), y.base, row) }
      }
    }
  }

  /// What `backward` finds for the images it looks at: the sums of the gradients of γ and β, [C].
  public typealias ParameterGradients = (gamma: [Float], beta: [Float])

  /// Where a ReLU after the normalisation let nothing through.
  public enum Cut: Sendable {
    /// No ReLU.
    case nowhere
    /// Where the normalised input, worked out again, is not positive: without a residual, cheaper than reading the output.
    case normalised(beta: Tensor)
    /// Where this output is not positive.
    case output(Tensor)
  }

  /// The gradients of a training-mode normalisation of some images.
  /// - Parameters:
  ///   - dx, residual: of the shape of x, written for these images; no residual where none was added.
  public static func backward(
    _ x: Tensor, cut: Cut, images: Range<Int>, statistics: Statistics, gamma: Tensor, outputGradient: Tensor, input dx: Tensor,
    residual: Tensor?, team: ThreadTeam
  ) -> ParameterGradients {
    let channels = statistics.mean.count
    let rows = rows(of: images, in: x)
    let (mean, inverse) = (statistics.mean, statistics.inverseDeviation)
    let factor = (0..<channels).map { gamma.base[$0] * inverse[$0] }
    let constants = ChannelStrips.Constants(channels: channels, most: 5)
    defer { withExtendedLifetime(constants) {} }
    let (values, dy, gradients) = (Address(floats: x.base), Address(floats: outputGradient.base), Address(floats: dx.base))
    let (means, factors) = (constants.add(mean), constants.add(factor))
    let (shifts, output): (Address?, Address?) =
      switch cut {
      case .nowhere: (nil, nil)
      // The sign of what `apply` computed, by the same arithmetic.
      case .normalised(let beta): (constants.add((0..<channels).map { beta.base[$0] - mean[$0] * factor[$0] }), nil)
      case .output(let y): (nil, Address(floats: y.base))
      }
    /// Calls `body` with every row's gradient behind the ReLU and its centred input.
    @Sendable @inline(__always)
    func eachRow(_ strip: Strip, _ body: (_ row: Int, _ gradient: Lanes, _ centred: Lanes) -> Void) {
      let mean = strip.of(means)
      if let output {
        for row in 0..<strip.rows {
          let g = strip.load(dy.floats, row).kept(where: .!(strip.load(output.floats, row) .<= 0))
          body(row, g, strip.load(values.floats, row) - mean)
        }
      } else if let shifts {
        let (scale, shift) = (strip.of(factors), strip.of(shifts))
        for row in 0..<strip.rows {
          let value = strip.load(values.floats, row)
          let g = strip.load(dy.floats, row).kept(where: .!(shift.addingProduct(value, scale) .<= 0))
          body(row, g, value - mean)
        }
      } else {
        for row in 0..<strip.rows { body(row, strip.load(dy.floats, row), strip.load(values.floats, row) - mean) }
      }
    }
    let (beta, centredSums) = ChannelStrips.sums(rows: rows, channels: channels, team: team) { strip, sum, product in
      eachRow(strip) { _, g, centred in
        sum += g
        product += g * centred
      }
    }
    let count = Double(rows.count)
    let gammaSums = (0..<channels).map { centredSums[$0] * Double(inverse[$0]) }
    // dx = factor · (g − Σg/M − (x − μ)/σ · Σ(g (x − μ)/σ)/M), the sums multiplied out once for each channel.
    let slopes = constants.add((0..<channels).map { -factor[$0] * (Float(gammaSums[$0] / count) * inverse[$0]) })
    let offsets = constants.add((0..<channels).map { -factor[$0] * Float(beta[$0] / count) })
    let residual = residual.map { Address(floats: $0.base) }
    ChannelStrips.each(rows: rows, channels: channels, team: team) { strip in
      let (factor, slope, offset) = (strip.of(factors), strip.of(slopes), strip.of(offsets))
      if let residual {
        eachRow(strip) { row, g, centred in
          strip.store(g, residual.floats, row)
          strip.store(offset.addingProduct(g, factor).addingProduct(centred, slope), gradients.floats, row)
        }
      } else {
        eachRow(strip) { row, g, centred in
          strip.store(offset.addingProduct(g, factor).addingProduct(centred, slope), gradients.floats, row)
        }
      }
    }
    return (gammaSums.map { Float($0) }, beta.map { Float($0) })
  }
}
