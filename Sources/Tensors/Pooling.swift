/// Pooling over channels-last images [N, H, W, C].
public enum Pooling {
  /// Max pooling 2 × 2, stride 2, padding 1 (the stem of §4.2's backbone): [N, H, W, C] → [N, H/2 + 1, W/2 + 1, C].
  /// Padding counts as −∞. Also gives, for each output, the flat input position of its first maximum in scan order.
  public static func max(_ x: Tensor, team: ThreadTeam) -> (y: Tensor, source: [Int32]) {
    let (n, h, w, c) = (x.shape[0], x.shape[1], x.shape[2], x.shape[3])
    let (p, q) = (h / 2 + 1, w / 2 + 1)
    let y = Tensor(uninitialized: [n, p, q, c])
    precondition(x.count <= Int(Int32.max), "\(x.shape) has more elements than positions fit in 32 bits")
    let source = [Int32](unsafeUninitializedCapacity: y.count) { buffer, count in
      let places = SendableBuffer(buffer)
      team.forEach(n) { image in
        for row in 0..<p {
          for column in 0..<q {
            let out = ((image * p + row) * q + column) * c
            for channel in 0..<c {
              var (best, place) = (-Float.infinity, -1)
              for i in Swift.max(0, 2 * row - 1)..<Swift.min(h, 2 * row + 1) {
                for j in Swift.max(0, 2 * column - 1)..<Swift.min(w, 2 * column + 1) {
                  let at = ((image * h + i) * w + j) * c + channel
                  if place < 0 || x.base[at] > best { (best, place) = (x.base[at], at) }
                }
              }
              y.base[out + channel] = best
              places.buffer[out + channel] = Int32(place)
            }
          }
        }
      }
      count = y.count
    }
    return (y, source)
  }

  /// Sends each output's gradient to the input position it came from.
  public static func maxBackward(_ outputGradient: Tensor, source: [Int32], input shape: [Int], team: ThreadTeam) -> Tensor {
    let dx = Tensor(zeros: shape)
    let perImage = outputGradient.count / shape[0]
    team.forEach(shape[0]) { image in
      for at in image * perImage..<(image + 1) * perImage { dx.base[Int(source[at])] += outputGradient.base[at] }
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
        for channel in 0..<c { out[channel] += x.base[(image * positions + position) * c + channel] }
      }
      for channel in 0..<c { out[channel] /= Float(positions) }
    }
    return y
  }

  public static func globalAverageBackward(_ outputGradient: Tensor, input shape: [Int], team: ThreadTeam) -> Tensor {
    let (positions, c) = (shape[1] * shape[2], shape[3])
    let dx = Tensor(uninitialized: shape)
    team.forEach(shape[0]) { image in
      for position in 0..<positions {
        for channel in 0..<c {
          dx.base[(image * positions + position) * c + channel] = outputGradient.base[image * c + channel] / Float(positions)
        }
      }
    }
    return dx
  }
}

/// A buffer whose disjoint parts are written by the threads of one team.
struct SendableBuffer<Element>: @unchecked Sendable {
  let buffer: UnsafeMutableBufferPointer<Element>
  init(_ buffer: UnsafeMutableBufferPointer<Element>) { self.buffer = buffer }
}
