/// A convolution of 4 × 4 taps, stride 2 and padding 1 as one of 2 × 2 taps, stride 1 and no padding, over four times the channels.
///
/// A window begins at every second pixel, one before the map: so pixels are grouped in squares of two by two, the first square beginning at (−1, −1), and
/// a square's four pixels become channels of one. An output sees 2 × 2 squares, which have fast convolutions (`WinogradTwoTaps4`), and x is copied once
/// where patches would copy it four times; x' of all images is in memory at once.
///   x'[n, i, j, (2a + b) C + c] = x[n, 2i − 1 + a, 2j − 1 + b, c], 0 outside;   w'[s, t, (2a + b) C + c, k] = w[2s + a, 2t + b, c, k];   a, b, s, t ∈ {0, 1}.
struct SpaceToDepth: Sendable {
  private let shape: ConvolutionShape
  /// The convolution of 2 × 2 taps.
  let inner: ConvolutionShape

  /// Nil for a convolution of another kernel, stride or padding.
  init?(_ s: ConvolutionShape) {
    guard s.kernel == 4, s.stride == 2, s.padding == 1 else { return nil }
    shape = s
    inner = ConvolutionShape(
      input: [s.images, s.outputHeight + 1, s.outputWidth + 1, 4 * s.inputChannels],
      weights: [2, 2, 4 * s.inputChannels, s.outputChannels],
      stride: 1, padding: 0)
  }

  /// x' of x.
  func images(_ x: Tensor, team: ThreadTeam) -> Tensor {
    let folded = Tensor(uninitialized: [inner.images, inner.height, inner.width, inner.inputChannels])
    forEachRun(team) { from, place, count in
      let to = folded.base + place
      if let from { to.update(from: x.base + from, count: count) } else { to.update(repeating: 0, count: count) }
    }
    return folded
  }

  /// The gradient on x from that on x': every pixel of x is in one square.
  func imagesAdjoint(_ folded: Tensor, team: ThreadTeam) -> Tensor {
    let x = Tensor(uninitialized: [shape.images, shape.height, shape.width, shape.inputChannels])
    forEachRun(team) { to, place, count in
      if let to { (x.base + to).update(from: folded.base + place, count: count) }
    }
    return x
  }

  /// w' of w.
  func weights(_ w: Tensor) -> Tensor {
    let folded = Tensor(uninitialized: inner.weights)
    forEachTap { tap, place, count in (folded.base + place).update(from: w.base + tap, count: count) }
    return folded
  }

  /// The gradient on w from that on w'.
  func weightsAdjoint(_ folded: Tensor) -> Tensor {
    let w = Tensor(uninitialized: shape.weights)
    forEachTap { tap, place, count in (w.base + tap).update(from: folded.base + place, count: count) }
    return w
  }

  /// Calls `body` with the first element of one pixel of x or two neighbours, nil outside, with their place in x', and how many elements lie side by side.
  @inline(__always)
  private func forEachRun(_ team: ThreadTeam, _ body: @escaping @Sendable (_ element: Int?, _ place: Int, _ count: Int) -> Void) {
    team.forEach(inner.images) { image in
      let c = shape.inputChannels
      var place = image * inner.height * inner.width * inner.inputChannels
      for i in 0..<inner.height {
        for j in 0..<inner.width {
          let left = 2 &* j &- 1
          for row in 2 &* i &- 1...2 &* i {
            let isInside = row >= 0 && row < shape.height
            let start = ((image &* shape.height &+ row) &* shape.width &+ left) &* c
            if isInside && left >= 0 && left &+ 1 < shape.width {
              body(start, place, 2 &* c)
            } else {
              body(isInside && left >= 0 ? start : nil, place, c)
              body(isInside && left &+ 1 < shape.width ? start &+ c : nil, place &+ c, c)
            }
            place &+= 2 &* c
          }
        }
      }
    }
  }

  /// Calls `body` with the first element of every tap of w, its place in w', and how many elements lie side by side.
  private func forEachTap(_ body: (_ tap: Int, _ place: Int, _ count: Int) -> Void) {
    let count = shape.inputChannels * shape.outputChannels
    for row in 0..<4 {
      for column in 0..<4 {
        let (outer, phase) = (row / 2 * 2 + column / 2, row % 2 * 2 + column % 2)
        body((4 * row + column) * count, (4 * outer + phase) * count, count)
      }
    }
  }
}
