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
  /// - Parameter images: the part of the first axis to look at.
  public static func statistics(_ x: Tensor, images: Range<Int>, team: ThreadTeam) -> Statistics {
    let channels = x.shape[x.shape.count - 1]
    precondition(!images.isEmpty && x.shape[0] >= images.upperBound, "images \(images) of \(x.shape)")
    let rows = rows(of: images, in: x)
    let shift = (0..<channels).map { x.base[rows.lowerBound * channels + $0] }
    let (sums, squares) = columnSums(rows: rows, channels: channels, team: team) { at, column, lanes in
      let d = load(x.base, at, lanes) - lane(shift, column, lanes)
      return (d, d * d)
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
    let shift = (0..<channels).map { beta.base[$0] - mean[$0] * scale[$0] }
    eachVector(rows: rows(of: images, in: x), channels: channels, constants: [scale, shift], team: team) { at, lanes, constants in
      var z = constants.1.addingProduct(load(x.base, at, lanes), constants.0)
      if let residual { z += load(residual.base, at, lanes) }
      if relu { z = larger(z, Vector()) }
      store(z, y.base, at, lanes)
    }
  }

  /// What `backward` finds for the images it looks at: the sums of the gradients of γ and β, [C].
  public typealias ParameterGradients = (gamma: [Float], beta: [Float])

  /// The gradients of a training-mode normalisation of some images.
  /// - Parameters:
  ///   - y: the output, whose zeros mark what the ReLU cut; nil without ReLU.
  ///   - dx, residual: of the shape of x, written for these images; no residual where none was added.
  public static func backward(
    _ x: Tensor, y: Tensor?, images: Range<Int>, statistics: Statistics, gamma: Tensor, outputGradient: Tensor, input dx: Tensor,
    residual: Tensor?, team: ThreadTeam
  ) -> ParameterGradients {
    let channels = statistics.mean.count
    let rows = rows(of: images, in: x)
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
    let count = Double(rows.count)
    let gammaSums = (0..<channels).map { centredSums[$0] * Double(inverse[$0]) }
    let factor = (0..<channels).map { gamma.base[$0] * inverse[$0] }
    // dx = factor · (g − Σg/M − (x − μ)/σ · Σ(g (x − μ)/σ)/M), the sums multiplied out once for each channel.
    let slope = (0..<channels).map { -factor[$0] * (Float(gammaSums[$0] / count) * inverse[$0]) }
    let offset = (0..<channels).map { -factor[$0] * Float(beta[$0] / count) }
    eachVector(rows: rows, channels: channels, constants: [factor, slope, offset, mean], team: team) { at, lanes, constants in
      let g = gradient(at, lanes)
      if let residual { store(g, residual.base, at, lanes) }
      let centred = load(x.base, at, lanes) - constants.3
      store(constants.2.addingProduct(g, constants.0).addingProduct(centred, constants.1), dx.base, at, lanes)
    }
    return (gammaSums.map { Float($0) }, beta.map { Float($0) })
  }

  // MARK: Loops over rows of channels, 16 channels at a time

  /// Rows a run of Float sums covers before it is added to the Double sum.
  private static let rowsPerSum = 64

  /// Rows taken down a column before the next: about 4 KiB of memory, so that the columns' constants and sums stay in registers for some rows, and the
  /// rows are read nearly in the order they lie in.
  private static func rowsPerStrip(_ channels: Int) -> Int { max(4, min(rowsPerSum, 1024 / channels)) }

  /// The sums over all rows of both parts of `term`, channel by channel.
  @inline(__always)
  private static func columnSums(
    rows: Range<Int>, channels: Int, team: ThreadTeam, _ term: @Sendable (_ at: Int, _ column: Int, _ lanes: Int) -> (Vector, Vector)
  ) -> ([Double], [Double]) {
    let pieces = Pieces(rows.count, most: Pieces.imageRuns)
    let vectors = (channels + 15) / 16
    let width = vectors * 16
    let partial = DoubleBuffer(count: 2 * pieces.count * width)
    let strip = rowsPerStrip(channels)
    team.forEach(pieces.count) { piece in
      let (first, second) = (partial.base + 2 * piece * width, partial.base + (2 * piece + 1) * width)
      let sums = VectorBuffer(rows: 2 * vectors, vectorsPerRow: 1)
      let run = pieces[piece].shifted(by: rows.lowerBound)
      for start in stride(from: run.lowerBound, to: run.upperBound, by: rowsPerSum) {
        let end = min(start + rowsPerSum, run.upperBound)
        for top in stride(from: start, to: end, by: strip) {
          for vector in 0..<vectors {
            let lanes = min(16, channels - vector * 16)
            var (a, b) = (sums.base[2 * vector], sums.base[2 * vector + 1])
            for row in top..<min(top + strip, end) {
              let (u, v) = term(row * channels + vector * 16, vector * 16, lanes)
              a += u
              b += v
            }
            (sums.base[2 * vector], sums.base[2 * vector + 1]) = (a, b)
          }
        }
        for vector in 0..<vectors {
          add(sums.base[2 * vector], to: first + vector * 16)
          add(sums.base[2 * vector + 1], to: second + vector * 16)
          (sums.base[2 * vector], sums.base[2 * vector + 1]) = (Vector(), Vector())
        }
      }
    }
    func total(_ part: Int, _ channel: Int) -> Double {
      (0..<pieces.count).reduce(0) { $0 + partial.base[(2 * $1 + part) * width + channel] }
    }
    return ((0..<channels).map { total(0, $0) }, (0..<channels).map { total(1, $0) })
  }

  @inline(__always)
  private static func add(_ v: Vector, to sums: UnsafeMutablePointer<Double>) { for lane in 0..<16 { sums[lane] += Double(v[lane]) } }

  /// Calls `body` for every vector with up to four constants of its channels.
  @inline(__always)
  private static func eachVector(
    rows: Range<Int>, channels: Int, constants: [[Float]], team: ThreadTeam,
    _ body: @Sendable (_ at: Int, _ lanes: Int, _ constants: (Vector, Vector, Vector, Vector)) -> Void
  ) {
    let pieces = Pieces(rows.count, most: Pieces.imageRuns)
    let strip = rowsPerStrip(channels)
    team.forEach(pieces.count) { piece in
      let run = pieces[piece].shifted(by: rows.lowerBound)
      for top in stride(from: run.lowerBound, to: run.upperBound, by: strip) {
        let end = min(top + strip, run.upperBound)
        for column in stride(from: 0, to: channels, by: 16) {
          let lanes = min(16, channels - column)
          func constant(_ number: Int) -> Vector { number < constants.count ? lane(constants[number], column, lanes) : Vector() }
          let values = (constant(0), constant(1), constant(2), constant(3))
          if lanes == 16 {
            for row in top..<end { body(row &* channels &+ column, 16, values) }
          } else {
            for row in top..<end { body(row &* channels &+ column, lanes, values) }
          }
        }
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
