/// Loops over rows of channels, as many channels at a time as a register holds.
enum ChannelStrips {
  /// Up to a register's neighbouring channels of some consecutive rows.
  struct Strip {
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
  struct Address: @unchecked Sendable {
    let floats: UnsafeMutablePointer<Float>
  }

  /// Constants of every channel, each from a vector's border on, valid as long as this object.
  final class Constants {
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
  static func sums(
    rows: Range<Int>, channels: Int, team: ThreadTeam, _ add: @escaping @Sendable (Strip, inout Lanes, inout Lanes) -> Void
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
  private static func widen(_ v: Lanes, onto sums: UnsafeMutablePointer<Double>) {
    for lane in 0..<Lanes.scalarCount { sums[lane] += Double(v[lane]) }
  }

  /// Calls `body` for every strip.
  @inline(__always)
  static func each(rows: Range<Int>, channels: Int, team: ThreadTeam, _ body: @escaping @Sendable (Strip) -> Void) {
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
