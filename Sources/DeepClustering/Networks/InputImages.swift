import Tensors

/// How uint8 views become what the backbone sees: (x/255 − mean)/std per channel, then optionally the fixed Sobel front end
/// of the paper's code lineage (docs/paper-decisions.md, A6).
public struct InputImages: Sendable {
  public let size: Int
  public let channels: Int
  public let mean: [Float]
  public let std: [Float]
  public let sobel: Bool
  public let grey: Grey

  /// What Sobel responses are of.
  public enum Grey: Sendable {
    /// The mean of the normalised channels.
    case mean
    /// ITU-R 601: 0.299 R + 0.587 G + 0.114 B; of images without three channels, their mean.
    case luma
  }

  /// - Parameters:
  ///   - size: height and width of the views.
  ///   - mean, std: one for each channel, of values in 0…1; std above 0.
  public init(size: Int, channels: Int, mean: [Double], std: [Double], sobel: Bool, grey: Grey = .mean) {
    precondition(
      mean.count == channels && std.count == channels, "\(mean.count) means and \(std.count) deviations for \(channels) channels")
    self.size = size
    self.channels = channels
    self.mean = mean.map { Float($0) }
    self.std = std.map { Float($0) }
    self.sobel = sobel
    self.grey = grey
  }

  /// Channels the backbone sees: horizontal and vertical Sobel responses, or the image's own.
  public var backboneChannels: Int { sobel ? 2 : channels }

  /// - Parameter views: [N, S, S, C] bytes.
  /// - Returns: [N, S, S, backboneChannels].
  public func prepare(_ views: [UInt8], team: ThreadTeam) -> Tensor {
    let perImage = size * size * channels
    let images = views.count / perImage
    // Of 256 values a channel can have, each is normalised once.
    let tables = (0..<channels).map { channel in (0..<256).map { (Float($0) / 255 - mean[channel]) / std[channel] } }
    var result = Tensor(uninitialized: [images, size, size, backboneChannels])
    let pixels = size * size * backboneChannels
    result.withUnsafeMutableBufferPointer { buffer in
      let output = Output(buffer: buffer)
      views.withUnsafeBufferPointer { views in
        let input = Input(buffer: views)
        team.forEach(images) { image in
          let view = UnsafeBufferPointer(rebasing: input.buffer[image * perImage..<(image + 1) * perImage])
          let x = UnsafeMutableBufferPointer(rebasing: output.buffer[image * pixels..<(image + 1) * pixels])
          if sobel {
            responses(view, tables, to: x)
          } else {
            for at in x.indices { x[at] = tables[at % channels][Int(view[at])] }
          }
        }
      }
    }
    return result
  }

  /// Memory of which every piece of a team's work reads or writes a part of its own.
  private struct Output: @unchecked Sendable { let buffer: UnsafeMutableBufferPointer<Float> }
  private struct Input: @unchecked Sendable { let buffer: UnsafeBufferPointer<UInt8> }

  /// Sobel responses [S, S, 2] of one view [S, S, C]: of its grey, 0 around the picture;
  /// kernels [[1,0,−1],[2,0,−2],[1,0,−1]] and its quarter turn.
  private func responses(_ view: UnsafeBufferPointer<UInt8>, _ tables: [[Float]], to y: UnsafeMutableBufferPointer<Float>) {
    let width = size + 2
    var values = [Float](repeating: 0, count: width * width)
    let isLuma = grey == .luma && channels == 3
    let shares: [Float] = isLuma ? [0.299, 0.587, 0.114] : [Float](repeating: 1, count: channels)
    let divisor: Float = isLuma ? 1 : Float(channels)
    for row in 0..<size {
      for column in 0..<size {
        var sum: Float = 0
        for channel in 0..<channels { sum += shares[channel] * tables[channel][Int(view[(row * size + column) * channels + channel])] }
        values[(row + 1) * width + column + 1] = sum / divisor
      }
    }
    values.withUnsafeBufferPointer { grey in
      for row in 0..<size {
        for column in 0..<size {
          let (above, here, below) = (row * width + column, (row + 1) * width + column, (row + 2) * width + column)
          let left = grey[above] + 2 * grey[here] + grey[below]
          let right = grey[above + 2] + 2 * grey[here + 2] + grey[below + 2]
          let top = grey[above] + 2 * grey[above + 1] + grey[above + 2]
          let bottom = grey[below] + 2 * grey[below + 1] + grey[below + 2]
          y[(row * size + column) * 2] = left - right
          y[(row * size + column) * 2 + 1] = top - bottom
        }
      }
    }
  }
}
