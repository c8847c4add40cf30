/// Square windows over channels-last images, placed as PyTorch places them.
///
/// [N, H, W, C] → [N, P, Q, C] with P = (H + 2·padding − size) / stride + 1, rounded down, or up where `ceiling`: then a last window may reach past the
/// padding, but begins inside the image or the padding before it.
public struct PoolingWindow: Hashable, Sendable {
  public let size, stride, padding: Int
  public let ceiling: Bool

  /// - Parameters:
  ///   - stride: nil for the size.
  ///   - padding: at most half the size.
  public init(_ size: Int, stride: Int? = nil, padding: Int = 0, ceiling: Bool = false) {
    let stride = stride ?? size
    precondition(size >= 1 && stride >= 1 && padding >= 0 && 2 * padding <= size, "window \(size), stride \(stride), padding \(padding)")
    self.size = size
    self.stride = stride
    self.padding = padding
    self.ceiling = ceiling
  }

  /// How many windows there are along an axis; 0 where the padded axis is shorter than a window.
  public func outputs(of length: Int) -> Int {
    let rest = length + 2 * padding - size
    guard rest >= 0 else { return 0 }
    let outputs = (rest + (ceiling ? stride - 1 : 0)) / stride + 1
    return (outputs - 1) * stride >= length + padding ? outputs - 1 : outputs
  }

  /// The shape of the pooled images.
  public func output(of shape: [Int]) -> [Int] {
    precondition(shape.count == 4, "images [N, H, W, C] expected, not \(shape)")
    let (rows, columns) = (outputs(of: shape[1]), outputs(of: shape[2]))
    precondition(rows > 0 && columns > 0, "windows of \(size) exceed padded images \(shape)")
    return [shape[0], rows, columns, shape[3]]
  }

  /// The pixels of an axis that window `number` sees, without padding.
  fileprivate func pixels(_ number: Int, of length: Int) -> Range<Int> {
    let first = number &* stride &- padding
    return max(0, first)..<min(length, first &+ size)
  }

  /// How many pixels of an axis window `number` sees, with the padding on both sides of the image.
  fileprivate func paddedPixels(_ number: Int, of length: Int) -> Int {
    let first = number &* stride &- padding
    return min(length &+ padding, first &+ size) &- first
  }
}

extension Pooling {
  /// The maximum of every window; padding counts as −∞, what is not a number wins.
  public static func max(_ x: Tensor, _ window: PoolingWindow, team: ThreadTeam) -> Tensor {
    let y = Tensor(uninitialized: window.output(of: x.shape))
    each(window, x.shape, team: team) { place in
      place.store(place.maximum(x.base), y.base, place.output)
    }
    return y
  }

  /// The gradient of `max` with respect to x: that of each window goes to its first maximum in scan order.
  public static func maxBackward(_ x: Tensor, _ window: PoolingWindow, outputGradient: Tensor, team: ThreadTeam) -> Tensor {
    precondition(outputGradient.shape == window.output(of: x.shape), "gradient \(outputGradient.shape) for windows of \(x.shape)")
    let dx = Tensor(zeros: x.shape)
    each(window, x.shape, team: team) { place in
      let top = place.maximum(x.base)
      let gradient = place.load(outputGradient.base, place.output)
      var open = Lanes(repeating: 1)
      place.eachPixel { pixel in
        let first = (place.load(x.base, pixel) .== top) .& (open .> 0)
        place.store(place.load(dx.base, pixel) + gradient.kept(where: first), dx.base, pixel)
        open = Lanes().kept(where: first, else: open)
      }
    }
    return dx
  }

  /// The mean of every window; padding counts as zeros, what lies past it does not count.
  public static func average(_ x: Tensor, _ window: PoolingWindow, team: ThreadTeam) -> Tensor {
    let y = Tensor(uninitialized: window.output(of: x.shape))
    each(window, x.shape, team: team) { place in
      var sum = Lanes()
      place.eachPixel { sum += place.load(x.base, $0) }
      place.store(sum * place.share, y.base, place.output)
    }
    return y
  }

  /// The gradient of `average` with respect to x, of shape [N, H, W, C].
  public static func averageBackward(_ outputGradient: Tensor, _ window: PoolingWindow, input shape: [Int], team: ThreadTeam) -> Tensor {
    precondition(outputGradient.shape == window.output(of: shape), "gradient \(outputGradient.shape) for windows of \(shape)")
    let dx = Tensor(zeros: shape)
    each(window, shape, team: team) { place in
      let gradient = place.load(outputGradient.base, place.output) * place.share
      place.eachPixel { place.store(place.load(dx.base, $0) + gradient, dx.base, $0) }
    }
    return dx
  }

  // MARK: Loops

  /// Up to a register's channels of one window.
  private struct Place {
    /// The first element of the output.
    let output: Int
    /// The first element of the first pixel; how many pixels; elements from a pixel to the next, down and across.
    let first, rows, columns, down, across: Int
    let lanes: Int
    /// 1 / the pixels it counts.
    let share: Float

    @inline(__always)
    func eachPixel(_ body: (_ at: Int) -> Void) {
      for row in 0..<rows { for column in 0..<columns { body(first &+ row &* down &+ column &* across) } }
    }

    @inline(__always)
    func maximum(_ x: UnsafePointer<Float>) -> Lanes {
      var top = Lanes(repeating: -.infinity)
      eachPixel { at in
        let value = load(x, at)
        top = value.kept(where: (value .> top) .| (value .!= value), else: top)
      }
      return top
    }

    @inline(__always)
    func load(_ base: UnsafePointer<Float>, _ at: Int) -> Lanes { lanes == Lanes.scalarCount ? Lanes(loading: base + at) : some(base + at) }

    @inline(__always)
    func store(_ v: Lanes, _ base: UnsafeMutablePointer<Float>, _ at: Int) {
      if lanes == Lanes.scalarCount { v.store(to: base + at) } else { storeSome(v, base + at) }
    }

    // Apart, so that the compiler does not mix these loops over lanes with whole registers.
    @inline(never)
    private func some(_ from: UnsafePointer<Float>) -> Lanes {
      var v = Lanes()
      for lane in 0..<lanes { v[lane] = from[lane] }
      return v
    }

    @inline(never)
    private func storeSome(_ v: Lanes, _ to: UnsafeMutablePointer<Float>) { for lane in 0..<lanes { to[lane] = v[lane] } }
  }

  /// Calls `body` for every window in scan order, images side by side.
  @inline(__always)
  private static func each(_ window: PoolingWindow, _ shape: [Int], team: ThreadTeam, _ body: @escaping @Sendable (Place) -> Void) {
    let output = window.output(of: shape)
    let (height, width, channels) = (shape[1], shape[2], shape[3])
    team.forEach(shape[0]) { image in
      var to = image * output[1] * output[2] * channels
      for p in 0..<output[1] {
        let rows = window.pixels(p, of: height)
        for q in 0..<output[2] {
          let columns = window.pixels(q, of: width)
          let first = ((image &* height &+ rows.lowerBound) &* width &+ columns.lowerBound) &* channels
          let share = 1 / Float(window.paddedPixels(p, of: height) &* window.paddedPixels(q, of: width))
          for channel in stride(from: 0, to: channels, by: Lanes.scalarCount) {
            body(
              Place(
                output: to &+ channel, first: first &+ channel, rows: rows.count, columns: columns.count, down: width &* channels,
                across: channels, lanes: min(Lanes.scalarCount, channels &- channel), share: share))
          }
          to &+= channels
        }
      }
    }
  }
}
