import Tensors

/// The convolutions of the networks that are trained, each shape once.
enum ConvolutionKernels {
  /// Sums of up to 4608 products in Float by Winograd's transforms, against sums in Double.
  private static let tolerance: Float = 2e-5
  /// Images the plain twin computes; it is slow.
  private static let checkedImages = 2

  private struct Layer {
    /// Height and width.
    let size: Int
    let inputs, outputs, kernel, stride: Int

    var weights: [Int] { [kernel, kernel, inputs, outputs] }
    var padding: Int { kernel / 2 }
    var outputSize: Int { (size + 2 * padding - kernel) / stride + 1 }
    /// Multiplications and additions of one image, forward.
    var flop: Double { 2 * Double(outputSize * outputSize * kernel * kernel * inputs * outputs) }
    var description: String { "\(size)² × \(inputs) → \(outputs), \(kernel) × \(kernel)\(stride == 1 ? "" : ", stride \(stride)")" }
  }

  /// The layers of a network: the stem, which a pooling to size/2 + 1 follows, and what the stages hold.
  private static func layers(size: Int, channels: Int, widths: [Int]) -> [Layer] {
    var layers = [Layer(size: size, inputs: channels, outputs: widths[0], kernel: 3, stride: 1)]
    var size = size / 2 + 1
    for (stage, width) in widths.enumerated() {
      if stage > 0 {
        layers.append(Layer(size: size, inputs: widths[stage - 1], outputs: width, kernel: 3, stride: 2))
        layers.append(Layer(size: size, inputs: widths[stage - 1], outputs: width, kernel: 1, stride: 2))
        size = (size + 1) / 2
      }
      layers.append(Layer(size: size, inputs: width, outputs: width, kernel: 3, stride: 1))
    }
    return layers
  }

  /// The quick profile's network, and unless `quick` ResNet-34 at 32 pixels.
  static func all(images: Int, quick: Bool, team: ThreadTeam) -> [Kernel] {
    let small = layers(size: 20, channels: 1, widths: [16, 32, 64])
    let layers = quick ? small : small + layers(size: 32, channels: 3, widths: [64, 128, 256, 512])
    return layers.flatMap { [forward($0, images, team), backward($0, images, team)] }
  }

  private static func forward(_ layer: Layer, _ images: Int, _ team: ThreadTeam) -> Kernel {
    let w = Noise.tensor(layer.weights, item: 1)
    func compute(_ x: Tensor) -> Tensor {
      Convolution.forward(x, weights: w, stride: layer.stride, padding: layer.padding, team: team)
    }
    let x = Noise.tensor([images, layer.size, layer.size, layer.inputs], item: 0)
    return Kernel(
      name: "convolution forward", shape: layer.description, work: .flop(Double(images) * layer.flop),
      error: {
        let x = Noise.tensor([checkedImages, layer.size, layer.size, layer.inputs], item: 2)
        return Kernel.error([
          (compute(x), Convolution.plainForward(x, weights: w, stride: layer.stride, padding: layer.padding))
        ])
      }, call: { _ = compute(x) }, tolerance: tolerance)
  }

  /// Both gradients; of the stem, which has no use for that of its input, the weights' alone.
  private static func backward(_ layer: Layer, _ images: Int, _ team: ThreadTeam) -> Kernel {
    let w = Noise.tensor(layer.weights, item: 1)
    let isStem = layer.inputs < 16
    func compute(_ x: Tensor, _ dy: Tensor, needsInputGradient: Bool) -> (input: Tensor?, weights: Tensor) {
      Convolution.backward(
        x, weights: w, stride: layer.stride, padding: layer.padding, outputGradient: dy, needsInputGradient: needsInputGradient, team: team)
    }
    let x = Noise.tensor([images, layer.size, layer.size, layer.inputs], item: 0)
    let dy = Noise.tensor([images, layer.outputSize, layer.outputSize, layer.outputs], item: 3)
    return Kernel(
      name: "convolution backward", shape: layer.description, work: .flop(Double(images) * layer.flop * (isStem ? 1 : 2)),
      error: {
        let x = Noise.tensor([checkedImages, layer.size, layer.size, layer.inputs], item: 2)
        let dy = Noise.tensor([checkedImages, layer.outputSize, layer.outputSize, layer.outputs], item: 4)
        let fast = compute(x, dy, needsInputGradient: true)
        let plain = Convolution.plainBackward(x, weights: w, stride: layer.stride, padding: layer.padding, outputGradient: dy)
        return Kernel.error([(fast.input, plain.input), (fast.weights, plain.weights)])
      }, call: { _ = compute(x, dy, needsInputGradient: !isStem) }, tolerance: tolerance)
  }
}
