/// Pooling over channels-last images [N, H, W, C].
public enum Pooling {
  /// Max pooling 2 × 2, stride 2, padding 1 (the stem of §4.2's backbone): [N, H, W, C] → [N, H/2 + 1, W/2 + 1, C].
  /// Padding counts as −∞. The windows do not overlap and together cover every pixel.
  public static func max(_ x: Tensor, team: ThreadTeam) -> Tensor {
    let windows = Windows(x.shape)
    let y = Tensor(uninitialized: windows.output)
    team.forEach(windows.images) { image in
      let (from, to) = (x.base, y.base)
      windows.forEach(image) { output, a, b, c, d in
        var channel = 0
        while channel + Lanes.scalarCount <= windows.channels {
          let top = Lanes(loading: from + a + channel).larger(Lanes(loading: from + b + channel))
          let bottom = Lanes(loading: from + c + channel).larger(Lanes(loading: from + d + channel))
          top.larger(bottom).store(to: to + output + channel)
          channel += Lanes.scalarCount
        }
        while channel < windows.channels {
          let top = larger(from[a + channel], from[b + channel])
          to[output + channel] = larger(top, larger(from[c + channel], from[d + channel]))
          channel += 1
        }
      }
    }
    return y
  }

  /// The gradient of `max` with respect to x: that of each window goes to its first maximum in scan order.
  public static func maxBackward(_ x: Tensor, outputGradient: Tensor, team: ThreadTeam) -> Tensor {
    let windows = Windows(x.shape)
    precondition(outputGradient.shape == windows.output, "gradient \(outputGradient.shape) for output \(windows.output)")
    let dx = Tensor(uninitialized: x.shape)
    team.forEach(windows.images) { image in
      let (from, to, gradients) = (x.base, dx.base, outputGradient.base)
      // A window at the border names its pixels more than once, later names first: written in the order d, c, b, a, the
      // last word on a pixel is that of its first name, which no equal pixel beats.
      windows.forEach(image) { output, a, b, c, d in
        var channel = 0
        while channel + Lanes.scalarCount <= windows.channels {
          let (va, vb) = (Lanes(loading: from + a + channel), Lanes(loading: from + b + channel))
          let (vc, vd) = (Lanes(loading: from + c + channel), Lanes(loading: from + d + channel))
          let top = va.larger(vb).larger(vc.larger(vd))
          let gradient = Lanes(loading: gradients + output + channel)
          let (isA, isB, isC) = (va .== top, vb .== top, vc .== top)
          let notAB = .!(isA .| isB)
          gradient.kept(where: notAB .& .!isC).store(to: to + d + channel)
          gradient.kept(where: notAB .& isC).store(to: to + c + channel)
          gradient.kept(where: isB .& .!isA).store(to: to + b + channel)
          gradient.kept(where: isA).store(to: to + a + channel)
          channel += Lanes.scalarCount
        }
        while channel < windows.channels {
          var best = a
          for pixel in [b, c, d] where from[pixel + channel] > from[best + channel] { best = pixel }
          for pixel in [d, c, b, a] { to[pixel + channel] = pixel == best ? gradients[output + channel] : 0 }
          channel += 1
        }
      }
    }
    return dx
  }

  /// The mean over all positions: [N, H, W, C] → [N, C].
  public static func globalAverage(_ x: Tensor, team: ThreadTeam) -> Tensor {
    let (n, positions, c) = (x.shape[0], x.shape[1] * x.shape[2], x.shape[3])
    let y = Tensor(zeros: [n, c])
    team.forEach(n) { image in
      let out = y.base + image * c
      for position in 0..<positions {
        let row = x.base + (image * positions + position) * c
        for channel in 0..<c { out[channel] += row[channel] }
      }
      for channel in 0..<c { out[channel] /= Float(positions) }
    }
    return y
  }

  public static func globalAverageBackward(_ outputGradient: Tensor, input shape: [Int], team: ThreadTeam) -> Tensor {
    let (positions, c) = (shape[1] * shape[2], shape[3])
    let dx = Tensor(uninitialized: shape)
    team.forEach(shape[0]) { image in
      let gradient = outputGradient.base + image * c
      let share = 1 / Float(positions)
      for position in 0..<positions {
        let row = dx.base + (image * positions + position) * c
        for channel in 0..<c { row[channel] = gradient[channel] * share }
      }
    }
    return dx
  }
}

/// As `Lanes.larger`, zeros of either sign included: which channels are left over depends on the width of registers.
private func larger(_ a: Float, _ b: Float) -> Float { a < b ? b : a }

/// The 2 × 2 windows, stride 2, of an image with one pixel of padding.
private struct Windows: Sendable {
  let images, height, width, channels: Int

  init(_ shape: [Int]) {
    precondition(shape.count == 4, "images [N, H, W, C] expected, not \(shape)")
    (images, height, width, channels) = (shape[0], shape[1], shape[2], shape[3])
  }

  var output: [Int] { [images, height / 2 + 1, width / 2 + 1, channels] }

  /// Calls `body` for every window of an image with the place of its output and of its pixels in scan order; a window cut by the border names
  /// its remaining pixels twice, so that a maximum over four names is that of the window.
  @inline(__always)
  func forEach(_ image: Int, _ body: (_ output: Int, _ a: Int, _ b: Int, _ c: Int, _ d: Int) -> Void) {
    var output = image * (height / 2 + 1) * (width / 2 + 1) * channels
    for p in 0...height / 2 {
      let top = (image * height + max(0, 2 * p - 1)) * width
      let bottom = (image * height + min(height - 1, 2 * p)) * width
      for q in 0...width / 2 {
        let (left, right) = (max(0, 2 * q - 1), min(width - 1, 2 * q))
        body(output, (top + left) * channels, (top + right) * channels, (bottom + left) * channels, (bottom + right) * channels)
        output += channels
      }
    }
  }
}
