/// The sizes of a square convolution over channels-last images.
///
/// Shapes: x [N, H, W, C], weights [k, k, C, K], y [N, P, Q, K] with P = (H + 2·padding − k) / stride + 1, Q likewise.
public struct ConvolutionShape: Hashable, Sendable {
  public let images, height, width, inputChannels, outputChannels, kernel, stride, padding: Int

  public init(input: [Int], weights: [Int], stride: Int, padding: Int) {
    precondition(
      input.count == 4 && weights.count == 4 && weights[0] == weights[1] && weights[2] == input[3],
      "weights \(weights) do not fit images \(input)")
    precondition(input[0] >= 1 && stride >= 1 && padding >= 0, "\(input[0]) images, stride \(stride), padding \(padding)")
    images = input[0]
    height = input[1]
    width = input[2]
    inputChannels = input[3]
    outputChannels = weights[3]
    kernel = weights[0]
    self.stride = stride
    self.padding = padding
    precondition(height + 2 * padding >= kernel && width + 2 * padding >= kernel, "kernel \(kernel) exceeds padded images \(input)")
  }

  public var outputHeight: Int { (height + 2 * padding - kernel) / stride + 1 }
  public var outputWidth: Int { (width + 2 * padding - kernel) / stride + 1 }
  public var output: [Int] { [images, outputHeight, outputWidth, outputChannels] }
  public var weights: [Int] { [kernel, kernel, inputChannels, outputChannels] }
}
