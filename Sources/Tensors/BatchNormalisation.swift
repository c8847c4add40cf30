/// Batch normalisation over all axes but the last (Ioffe & Szegedy 2015), with an optional residual and ReLU in the same pass:
/// z = γ (x − μ) / √(σ² + ε) + β (+ residual), y = z or max(z, 0). x is [M, C] with M = all other axes together.
public enum BatchNormalisation {
  /// ε of PyTorch's default.
  public static let epsilon: Float = 1e-5
  private typealias Vector = SIMD16<Float>

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
  public static func statistics(_ x: Tensor, team: ThreadTeam) -> Statistics {
    let channels = x.shape[x.shape.count - 1]
    let rows = x.count / channels
    let shift = (0..<channels).map { x.base[$0] }
    let (sums, squares) = columnSums(rows: rows, channels: channels, team: team) { at, column, lanes in
      let d = load(x.base, at, lanes) - lane(shift, column, lanes)
      return (d, d * d)
    }
    let count = Double(rows)
    return Statistics(
      mean: (0..<channels).map { Float(Double(shift[$0]) + sums[$0] / count) },
      variance: (0..<channels).map { Float(max(0, squares[$0] - sums[$0] * sums[$0] / count) / count) }, count: rows)
  }

  /// y = γ (x − mean) · inverseDeviation + β (+ residual), then ReLU where asked.
  public static func apply(
    _ x: Tensor, mean: [Float], inverseDeviation: [Float], gamma: Tensor, beta: Tensor, residual: Tensor?, relu: Bool, team: ThreadTeam
  ) -> Tensor {
    let channels = mean.count
    let scale = (0..<channels).map { gamma.base[$0] * inverseDeviation[$0] }
    let shift = (0..<channels).map { beta.base[$0] - mean[$0] * scale[$0] }
    let y = Tensor(uninitialized: x.shape)
    eachVector(rows: x.count / channels, channels: channels, team: team) { at, column, lanes in
      var z = lane(shift, column, lanes).addingProduct(load(x.base, at, lanes), lane(scale, column, lanes))
      if let residual { z += load(residual.base, at, lanes) }
      if relu { z = larger(z, Vector()) }
      store(z, y.base, at, lanes)
    }
    return y
  }

  /// The gradients of a training-mode normalisation.
  /// - Parameter y: the output, whose zeros mark what the ReLU cut; nil without ReLU.
  public static func backward(
    _ x: Tensor, y: Tensor?, statistics: Statistics, gamma: Tensor, outputGradient: Tensor, needsResidual: Bool, team: ThreadTeam
  ) -> (input: Tensor, gamma: Tensor, beta: Tensor, residual: Tensor?) {
    let channels = statistics.mean.count
    let rows = x.count / channels
    let (mean, inverse) = (statistics.mean, statistics.inverseDeviation)
    @Sendable func gradient(_ at: Int, _ lanes: Int) -> Vector {
      let g = load(outputGradient.base, at, lanes)
      guard let y else { return g }
      return g.replacing(with: Vector(), where: load(y.base, at, lanes) .<= 0)
    }
    let (beta, centredSums) = columnSums(rows: rows, channels: channels, team: team) { at, column, lanes in
      let g = gradient(at, lanes)
      return (g, g * (load(x.base, at, lanes) - lane(mean, column, lanes)))
    }
    let gammaSums = (0..<channels).map { centredSums[$0] * Double(inverse[$0]) }
    let factor = (0..<channels).map { gamma.base[$0] * inverse[$0] }
    let meanBeta = beta.map { Float($0 / Double(rows)) }
    let meanGamma = (0..<channels).map { Float(gammaSums[$0] / Double(rows)) * inverse[$0] }
    let dx = Tensor(uninitialized: x.shape)
    let residual = needsResidual ? Tensor(uninitialized: x.shape) : nil
    eachVector(rows: rows, channels: channels, team: team) { at, column, lanes in
      let g = gradient(at, lanes)
      if let residual { store(g, residual.base, at, lanes) }
      let centred = load(x.base, at, lanes) - lane(mean, column, lanes)
      store(
        (g - lane(meanBeta, column, lanes) - centred * lane(meanGamma, column, lanes)) * lane(factor, column, lanes), dx.base, at, lanes)
    }
    return (dx, Tensor(shape: [channels], gammaSums.map { Float($0) }), Tensor(shape: [channels], beta.map { Float($0) }), residual)
  }

  // MARK: Loops over rows of channels, 16 channels at a time

  /// Rows a run of Float sums covers before it is added to the Double sum.
  private static let rowsPerSum = 64

  /// The sums over all rows of both parts of `term`, channel by channel.
  @inline(__always)
  private static func columnSums(
    rows: Int, channels: Int, team: ThreadTeam, _ term: @Sendable (_ at: Int, _ column: Int, _ lanes: Int) -> (Vector, Vector)
  ) -> ([Double], [Double]) {
    let pieces = Pieces(rows, most: Pieces.imageRuns)
    let width = (channels + 15) / 16 * 16
    let partial = DoubleBuffer(count: 2 * pieces.count * width)
    team.forEach(pieces.count) { piece in
      let (first, second) = (partial.base + 2 * piece * width, partial.base + (2 * piece + 1) * width)
      var start = pieces[piece].lowerBound
      while start < pieces[piece].upperBound {
        let end = min(start + rowsPerSum, pieces[piece].upperBound)
        for column in stride(from: 0, to: channels, by: 16) {
          let lanes = min(16, channels - column)
          var (a, b) = (Vector(), Vector())
          for row in start..<end {
            let (u, v) = term(row * channels + column, column, lanes)
            a += u
            b += v
          }
          add(a, to: first + column)
          add(b, to: second + column)
        }
        start = end
      }
    }
    func total(_ part: Int, _ channel: Int) -> Double {
      (0..<pieces.count).reduce(0) { $0 + partial.base[(2 * $1 + part) * width + channel] }
    }
    return ((0..<channels).map { total(0, $0) }, (0..<channels).map { total(1, $0) })
  }

  @inline(__always)
  private static func add(_ v: Vector, to sums: UnsafeMutablePointer<Double>) { for lane in 0..<16 { sums[lane] += Double(v[lane]) } }

  @inline(__always)
  private static func eachVector(
    rows: Int, channels: Int, team: ThreadTeam, _ body: @Sendable (_ at: Int, _ column: Int, _ lanes: Int) -> Void
  ) {
    let pieces = Pieces(rows, most: Pieces.imageRuns)
    team.forEach(pieces.count) { piece in
      for row in pieces[piece] {
        for column in stride(from: 0, to: channels, by: 16) { body(row * channels + column, column, min(16, channels - column)) }
      }
    }
  }

  @inline(__always)
  private static func load(_ base: UnsafeMutablePointer<Float>, _ at: Int, _ lanes: Int) -> Vector {
    if lanes >= 16 { return UnsafeRawPointer(base + at).loadUnaligned(as: Vector.self) }
    var v = Vector()
    for lane in 0..<lanes { v[lane] = base[at + lane] }
    return v
  }

  @inline(__always)
  private static func store(_ v: Vector, _ base: UnsafeMutablePointer<Float>, _ at: Int, _ lanes: Int) {
    if lanes >= 16 {
      UnsafeMutableRawPointer(base + at).storeBytes(of: v, as: Vector.self)
    } else {
      for lane in 0..<lanes { base[at + lane] = v[lane] }
    }
  }

  @inline(__always)
  private static func lane(_ values: [Float], _ column: Int, _ lanes: Int) -> Vector {
    values.withUnsafeBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return Vector() }
      return load(UnsafeMutablePointer(mutating: base), column, lanes)
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
