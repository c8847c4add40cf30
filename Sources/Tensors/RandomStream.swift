/// What a random stream is for: streams of different purposes never share numbers, whatever their other keys.
public enum RandomPurpose: UInt32, Sendable {
  case subset = 1
  case initialisation = 2
  case shuffle = 3
  case view = 4
  case kMeans = 5
  case tsne = 6
  case cases = 7
  case eigenvectors = 8
  case corruption = 9
  case dropout = 10
  case latentNoise = 11
  case pairs = 12
  case triplets = 13
  case imageOrder = 14
  case test = 99
}

/// A counter-based random stream: Philox 4x32-10 (Salmon, Moraes, Dror, Shaw: "Parallel random numbers: as easy as 1, 2, 3", SC 2011).
///
/// The n-th number is a pure function of (seed, purpose, epoch, item, copy, n), so results do not depend on threads, order or resumption.
public struct RandomStream: RandomNumberGenerator, Sendable {
  private let key: (UInt32, UInt32)
  private let epoch: UInt32
  private let item: UInt32
  private let purposeAndCopy: UInt32
  private var block: UInt32 = 0
  private var buffered = SIMD4<UInt32>()
  private var used = 4

  /// - Parameters:
  ///   - seed: the study's seed.
  ///   - epoch: pass over the data, or 0.
  ///   - item: image, layer or restart number, below 2³².
  ///   - copy: which of the item's copies, below 2²⁴.
  public init(seed: UInt64, purpose: RandomPurpose, epoch: Int = 0, item: Int = 0, copy: Int = 0) {
    precondition(copy >= 0 && copy < 1 << 24, "copy \(copy) is not in 0..<2^24")
    key = (UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32))
    self.epoch = UInt32(epoch)
    self.item = UInt32(item)
    purposeAndCopy = purpose.rawValue << 24 | UInt32(copy)
  }

  /// The next 32 random bits.
  public mutating func nextBits() -> UInt32 {
    if used == 4 {
      buffered = Self.philox(counter: SIMD4(block, epoch, item, purposeAndCopy), key: key)
      block &+= 1
      used = 0
    }
    defer { used += 1 }
    return buffered[used]
  }

  public mutating func next() -> UInt64 {
    let low = UInt64(nextBits())
    return UInt64(nextBits()) << 32 | low
  }

  /// Uniform in [0, 1), a multiple of 2⁻²⁴.
  public mutating func uniform() -> Float { Float(nextBits() >> 8) * 0x1p-24 }

  /// Uniform in [low, high).
  public mutating func uniform(_ low: Float, _ high: Float) -> Float { low + (high - low) * uniform() }

  /// The same stream from its number `first` on, a multiple of 4: so that pieces of a long run of numbers are drawn side by side.
  public func advanced(to first: Int) -> RandomStream {
    precondition(first >= 0 && first % 4 == 0 && first / 4 <= UInt32.max, "a stream from its number \(first) on")
    var stream = self
    stream.block = UInt32(first / 4)
    stream.used = 4
    return stream
  }

  /// A normal number of mean 0 and deviation 1, of two uniform ones (Box & Muller 1958).
  public mutating func normal() -> Float {
    // In (0, 1], so that the logarithm is finite.
    let radius = (-2 * Elementary.log(Double(1 - uniform()))).squareRoot()
    return Float(radius * Elementary.circle(turns: Double(uniform())).cos)
  }

  /// Uniform in 0..<bound, without bias (Lemire's rejection).
  public mutating func integer(below bound: Int) -> Int {
    precondition(bound > 0 && bound <= Int(UInt32.max), "bound \(bound) is not in 1..<2^32")
    let width = UInt32(bound)
    let threshold = (0 &- width) % width
    while true {
      let product = UInt64(nextBits()) * UInt64(width)
      if UInt32(truncatingIfNeeded: product) >= threshold { return Int(product >> 32) }
    }
  }

  /// 0, 1, …, count − 1 in random order (Fisher–Yates).
  public mutating func permutation(_ count: Int) -> [Int] {
    var order = Array(0..<count)
    for last in stride(from: count - 1, to: 0, by: -1) { order.swapAt(last, integer(below: last + 1)) }
    return order
  }

  /// The Philox 4x32-10 block function.
  public static func philox(counter: SIMD4<UInt32>, key: (UInt32, UInt32)) -> SIMD4<UInt32> {
    var c = counter
    var (k0, k1) = key
    for _ in 0..<10 {
      let p0 = UInt64(0xD251_1F53) * UInt64(c[0])
      let p1 = UInt64(0xCD9E_8D57) * UInt64(c[2])
      c = SIMD4(
        UInt32(p1 >> 32) ^ c[1] ^ k0, UInt32(truncatingIfNeeded: p1),
        UInt32(p0 >> 32) ^ c[3] ^ k1, UInt32(truncatingIfNeeded: p0))
      k0 &+= 0x9E37_79B9
      k1 &+= 0xBB67_AE85
    }
    return c
  }
}
