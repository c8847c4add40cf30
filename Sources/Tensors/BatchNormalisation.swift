/// Batch normalisation over all axes but the last (Ioffe & Szegedy 2015), with an optional residual and ReLU in the same pass:
/// z = γ (x − μ) / √(σ² + ε) + β (+ residual), y = z or max(z, 0). x is [M, C] with M = all other axes together.
public enum BatchNormalisation {
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
    let constants = Constants(channels: channels, most: 1)
    defer { withExtendedLifetime(constants) {} }
    let shifts = constants.add(shift)
    let (sums, squares) = columnSums(rows: rows, channels: channels, team: team) { strip, sum, square in
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
    let constants = Constants(channels: channels, most: 2)
    defer { withExtendedLifetime(constants) {} }
    let (scales, shifts) = (constants.add(scale), constants.add((0..<channels).map { beta.base[$0] - mean[$0] * scale[$0] }))
    let residual = residual.map { Address(floats: $0.base) }
    eachStrip(rows: rows(of: images, in: x), channels: channels, team: team) { strip in
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
    let constants = Constants(channels: channels, most: 5)
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
    let (beta, centredSums) = columnSums(rows: rows, channels: channels, team: team) { strip, sum, product in
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
    eachStrip(rows: rows, channels: channels, team: team) { strip in
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

  // MARK: Loops over rows of channels, as many channels at a time as a register holds

  /// Up to a register's neighbouring channels of some consecutive rows.
  private struct Strip {
    /// The first element.
    let start: Int
    let rows: Int
    /// Elements from a row to the next.
    let channels: Int
    /// The first channel, and how many.
    let column, lanes: Int

    @inline(__always)
    func load(_ base: UnsafeMutablePointer<Float>, _ row: Int) -> Lanes {
      let from = base + (start &+ row &* channels)
      return lanes == Lanes.scalarCount ? Lanes(loading: from) : some(from)
    }

    @inline(__always)
    func store(_ v: Lanes, _ base: UnsafeMutablePointer<Float>, _ row: Int) {
      let to = base + (start &+ row &* channels)
      if lanes == Lanes.scalarCount {
        v.store(to: to)
      } else {
        storeSome(v, to)
      }
    }

    /// The constants of the channels.
    @inline(__always)
    func of(_ constants: Address) -> Lanes { Lanes(loading: constants.floats + column) }

    // Apart, so that the compiler does not mix these loops over lanes with whole registers.
    @inline(never)
    private func storeSome(_ v: Lanes, _ to: UnsafeMutablePointer<Float>) { for lane in 0..<lanes { to[lane] = v[lane] } }

    @inline(never)
    private func some(_ from: UnsafeMutablePointer<Float>) -> Lanes {
      var v = Lanes()
      for lane in 0..<lanes { v[lane] = from[lane] }
      return v
    }
  }

  /// Where a tensor's elements lie, or constants of all channels. The loops take addresses: to pass a tensor on is to count a reference, which two
  /// threads at once do slowly.
  private struct Address: @unchecked Sendable {
    let floats: UnsafeMutablePointer<Float>
  }

  /// Constants of every channel, each from a vector's border on, valid as long as this object.
  private final class Constants {
    private let buffer: VectorBuffer
    private let vectors: Int
    private var used = 0

    init(channels: Int, most: Int) {
      vectors = (channels + 15) / 16
      buffer = VectorBuffer(rows: most * vectors, vectorsPerRow: 1)
    }

    func add(_ values: [Float]) -> Address {
      let base = buffer.floats + used * vectors * 16
      used += 1
      for (channel, value) in values.enumerated() { base[channel] = value }
      return Address(floats: base)
    }
  }

  /// Rows a run of Float sums covers before it is added to the Double sum.
  private static let rowsPerSum = 64

  /// Rows taken down a column before the next: the columns' constants and sums stay in registers for some rows, and memory is still read nearly in the
  /// order it lies in, as the processor's prefetching expects.
  private static let rowsPerStrip = 4

  /// The sums over all rows, channel by channel, of two terms that `add` adds up for a strip.
  @inline(__always)
  private static func columnSums(
    rows: Range<Int>, channels: Int, team: ThreadTeam, _ add: @Sendable (Strip, inout Lanes, inout Lanes) -> Void
  ) -> ([Double], [Double]) {
    let pieces = Pieces(rows.count, most: Pieces.imageRuns)
    let vectors = (channels + Lanes.scalarCount - 1) / Lanes.scalarCount
    let width = vectors * Lanes.scalarCount
    let partial = DoubleBuffer(count: 2 * pieces.count * width)
    let strip = rowsPerStrip
    team.forEach(pieces.count) { piece in
      let (first, second) = (partial.base + 2 * piece * width, partial.base + (2 * piece + 1) * width)
      let buffer = VectorBuffer(rows: 2 * vectors, vectorsPerRow: 1)
      let sums = UnsafeMutableRawPointer(buffer.base).assumingMemoryBound(to: Lanes.self)
      defer { withExtendedLifetime(buffer) {} }
      let run = pieces[piece].shifted(by: rows.lowerBound)
      for start in stride(from: run.lowerBound, to: run.upperBound, by: rowsPerSum) {
        let end = min(start + rowsPerSum, run.upperBound)
        for top in stride(from: start, to: end, by: strip) {
          for vector in 0..<vectors {
            let column = vector * Lanes.scalarCount
            let part = Strip(
              start: top * channels + column, rows: min(strip, end - top), channels: channels, column: column,
              lanes: min(Lanes.scalarCount, channels - column))
            var (a, b) = (sums[2 * vector], sums[2 * vector + 1])
            add(part, &a, &b)
            (sums[2 * vector], sums[2 * vector + 1]) = (a, b)
          }
        }
        for vector in 0..<vectors {
          widen(sums[2 * vector], onto: first + vector * Lanes.scalarCount)
          widen(sums[2 * vector + 1], onto: second + vector * Lanes.scalarCount)
          (sums[2 * vector], sums[2 * vector + 1]) = (Lanes(), Lanes())
        }
      }
    }
    func total(_ part: Int, _ channel: Int) -> Double {
      (0..<pieces.count).reduce(0) { $0 + partial.base[(2 * $1 + part) * width + channel] }
    }
    return ((0..<channels).map { total(0, $0) }, (0..<channels).map { total(1, $0) })
  }

  @inline(__always)
  private static func widen(_ v: Lanes, onto sums: UnsafeMutablePointer<Double>) { for lane in 0..<Lanes.scalarCount { sums[lane] += Double(v[lane]) } }

  /// Calls `body` for every strip.
  @inline(__always)
  private static func eachStrip(rows: Range<Int>, channels: Int, team: ThreadTeam, _ body: @Sendable (Strip) -> Void) {
    let pieces = Pieces(rows.count, most: Pieces.imageRuns)
    let strip = rowsPerStrip
    team.forEach(pieces.count) { piece in
      let run = pieces[piece].shifted(by: rows.lowerBound)
      for top in stride(from: run.lowerBound, to: run.upperBound, by: strip) {
        for column in stride(from: 0, to: channels, by: Lanes.scalarCount) {
          body(
            Strip(
              start: top * channels + column, rows: min(strip, run.upperBound - top), channels: channels, column: column,
              lanes: min(Lanes.scalarCount, channels - column)))
        }
      }
    }
  }
}

/// Double sums of pieces, zeroed.
final class DoubleBuffer: @unchecked Sendable {
  let base: UnsafeMutablePointer<Double>
  init(count: Int) {
    base = .allocate(capacity: max(1, count))
    base.update(repeating: 0, count: count)
  }
  deinit { base.deallocate() }
}
