import Tensors

/// How uint8 views become what the backbone sees: (x/255 − mean)/std per channel, then optionally the fixed Sobel front end
/// of the paper's code lineage (docs/paper-decisions.md, A6).
public struct InputImages: Sendable {
  public let size: Int
  public let channels: Int
  public let mean: [Float]
  public let std: [Float]
  public let sobel: Bool

  /// - Parameters:
  ///   - size: height and width of the views.
  ///   - mean, std: one for each channel, of values in 0…1; std above 0.
  public init(size: Int, channels: Int, mean: [Double], std: [Double], sobel: Bool) {
    precondition(
      mean.count == channels && std.count == channels, "\(mean.count) means and \(std.count) deviations for \(channels) channels")
    self.size = size
    self.channels = channels
    self.mean = mean.map { Float($0) }
    self.std = std.map { Float($0) }
    self.sobel = sobel
  }

  /// Channels the backbone sees: horizontal and vertical Sobel responses, or the image's own.
  public var backboneChannels: Int { sobel ? 2 : channels }

  /// - Parameter views: [N, S, S, C] bytes.
  /// - Returns: [N, S, S, backboneChannels].
  public func prepare(_ views: [UInt8], team: ThreadTeam) -> Tensor {
    let perImage = size * size * channels
    let images = views.count / perImage
    let tables = (0..<channels).map { c in (0..<256).map { (Float($0) / 255 - mean[c]) / std[c] } }
    var normalised = Tensor(uninitialized: [images, size, size, channels])
    views.withUnsafeBufferPointer { views in
      normalised.withUnsafeMutableBufferPointer { x in
        for at in x.indices { x[at] = tables[at % channels][Int(views[at])] }
      }
    }
    return sobel ? responses(normalised) : normalised
  }

  /// Grey = mean of the channels; kernels [[1,0,−1],[2,0,−2],[1,0,−1]] and its quarter turn, zero padding.
  private func responses(_ x: Tensor) -> Tensor {
    let (n, s, c) = (x.shape[0], size, channels)
    var y = Tensor(uninitialized: [n, s, s, 2])
    y.withUnsafeMutableBufferPointer { y in
      x.withUnsafeBufferPointer { x in
        for image in 0..<n {
          func grey(_ row: Int, _ column: Int) -> Float {
            guard row >= 0, row < s, column >= 0, column < s else { return 0 }
            let at = ((image * s + row) * s + column) * c
            var sum: Float = 0
            for channel in 0..<c { sum += x[at + channel] }
            return sum / Float(c)
          }
          for row in 0..<s {
            for column in 0..<s {
              let (nw, no, ne) = (grey(row - 1, column - 1), grey(row - 1, column), grey(row - 1, column + 1))
              let (we, ea) = (grey(row, column - 1), grey(row, column + 1))
              let (sw, so, se) = (grey(row + 1, column - 1), grey(row + 1, column), grey(row + 1, column + 1))
              let at = ((image * s + row) * s + column) * 2
              y[at] = nw + 2 * we + sw - ne - 2 * ea - se
              y[at + 1] = nw + 2 * no + ne - sw - 2 * so - se
            }
          }
        }
      }
    }
    return y
  }
}
