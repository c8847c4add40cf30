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

/// Where the pixels of one image stand when a convolution becomes a sum of shifted matrix products.
///
/// The padded image is split into stride² phases (row and column residues); inside a phase, neighbouring outputs read neighbouring
/// pixels, for every kernel tap. So output q of a flat run over phase rows of `pitch` pixels is, for any stride,
///   y[q] = Σ_tap phase(tap)[q + shift(tap)] · w[tap],
/// with a few outputs per row (columns ≥ Q) that mean nothing and are dropped. Padding costs one copy of the image.
struct ConvolutionPlan {
  /// One kernel position: the pixel at which its reads start in the packed image, and its number in the weights.
  struct Tap {
    let start: Int
    let number: Int
  }

  let shape: ConvolutionShape
  /// Pixels in a packed row of a phase.
  let pitch: Int
  /// Rows in a phase.
  let rows: Int
  /// Pixels in a phase.
  var phasePixels: Int { rows * pitch }
  /// Pixels of the packed image, with room for reads behind the last row.
  let packedPixels: Int
  /// Flat outputs, the meaningless ones at row ends included.
  let flatOutputs: Int
  let taps: [Tap]

  init(_ shape: ConvolutionShape) {
    self.shape = shape
    let reach = (shape.kernel - 1) / shape.stride
    pitch = max(shape.outputWidth + reach, (shape.width + 2 * shape.padding + shape.stride - 1) / shape.stride)
    rows = max(shape.outputHeight + reach, (shape.height + 2 * shape.padding + shape.stride - 1) / shape.stride)
    flatOutputs = (shape.outputHeight - 1) * pitch + shape.outputWidth
    let phase = rows * pitch
    packedPixels = shape.stride * shape.stride * phase + ConvolutionKernel.tallest
    let (pitch, stride, kernel) = (self.pitch, shape.stride, shape.kernel)
    taps = (0..<kernel * kernel).map { number in
      let (row, column) = (number / kernel, number % kernel)
      return Tap(start: ((row % stride) * stride + column % stride) * phase + row / stride * pitch + column / stride, number: number)
    }
  }

  /// The packed place of the padded pixel (row, column).
  @inline(__always)
  func place(_ row: Int, _ column: Int) -> Int {
    let s = shape.stride
    return ((row % s) * s + column % s) * phasePixels + row / s * pitch + column / s
  }

  /// Copies an image [H, W, C] to its packed places; the rest of `packed` must be zero already.
  func pack(_ image: UnsafePointer<Float>, into packed: UnsafeMutablePointer<Float>) {
    let c = shape.inputChannels
    for row in 0..<shape.height {
      if shape.stride == 1 {
        packed.advanced(by: place(row + shape.padding, shape.padding) * c)
          .update(from: image + row * shape.width * c, count: shape.width * c)
      } else {
        for column in 0..<shape.width {
          packed.advanced(by: place(row + shape.padding, column + shape.padding) * c)
            .update(from: image + (row * shape.width + column) * c, count: c)
        }
      }
    }
  }

  /// The inverse of `pack`.
  func unpack(_ packed: UnsafePointer<Float>, channels c: Int, pitch packedChannels: Int, into image: UnsafeMutablePointer<Float>) {
    for row in 0..<shape.height {
      if shape.stride == 1, c == packedChannels {
        (image + row * shape.width * c).update(from: packed + place(row + shape.padding, shape.padding) * c, count: shape.width * c)
        continue
      }
      for column in 0..<shape.width {
        (image + (row * shape.width + column) * c)
          .update(from: packed + place(row + shape.padding, column + shape.padding) * packedChannels, count: c)
      }
    }
  }
}
