import Tensors

/// The published plain networks, as lists of layers. Sizes of images that the papers do not have follow the nearest that they have.
extension PlainConvNet {
  /// DAC (Chang et al. 2017): the network of MNIST below 32 pixels, of CIFAR below 64, of STL-10 from there on. The last layer gives K logits; y is their
  /// softmax. Batch statistics always.
  public static func dac(size: Int, clusters: Int) -> [Layer] {
    func block(_ outputs: Int, convolutions: Int) -> [Layer] {
      (0..<convolutions).flatMap { _ -> [Layer] in [.convolution(kernel: 3, outputs: outputs, padding: 0, .he), .batchNorm, .relu] }
        + [.maxPool(PoolingWindow(2))]
    }
    let small = size < 32
    let blocks: [Layer] =
      if small {
        block(64, convolutions: 3) + [.batchNorm] + block(128, convolutions: 3) + [.batchNorm]
      } else if size < 64 {
        block(64, convolutions: 2) + block(128, convolutions: 2)
      } else {
        block(64, convolutions: 3) + block(128, convolutions: 3) + block(256, convolutions: 3)
      }
    // Of the map of 5 × 5 at 32 pixels, CIFAR's pool of 4 sees the first 4 × 4; the others see all.
    let pool: [Layer] = size == 32 ? [.averagePool(PoolingWindow(4)), .flatten] : [.globalAverage]
    let dense: [Layer] = [
      .linear(outputs: clusters, .identity), .batchNorm, .relu, .linear(outputs: clusters, .identity), .batchNorm,
    ]
    return blocks + [.convolution(kernel: 1, outputs: clusters, padding: 0, .he), .batchNorm, .relu] + pool + (small ? [.batchNorm] : [])
      + dense + (small || size >= 64 ? [.relu] : [])
  }

  /// DCCM (Wu et al. 2019): C4-L2 below 64 pixels, DAC's convolutions of STL-10 from there on. M is the output of `firstPooled`, Y that of `lastLinear`;
  /// z is the softmax of the last layer. Batch statistics always.
  public static func dccm(size: Int, clusters: Int) -> [Layer] {
    func convolution(_ outputs: Int) -> [Layer] { [.convolution(kernel: 3, outputs: outputs, padding: 0, .he), .batchNorm, .relu] }
    let pool = [Layer.maxPool(PoolingWindow(2))]
    let body: [Layer] =
      size < 64
      ? convolution(64) + convolution(64) + pool + convolution(128) + pool + convolution(256)
      : [64, 128, 256].flatMap { convolution($0) + convolution($0) + convolution($0) + pool }
    return body + [
      .globalAverage, .linear(outputs: 64, .identity), .batchNorm, .relu, .linear(outputs: clusters, .identity), .batchNorm,
    ]
  }

  /// JULE (Yang et al. 2016): convolutions 5 × 5 of 50 channels, each with batch normalisation, ReLU and a pool of 2 that rounds up, until a map of at most
  /// 8 × 8 is left; then 160 features, whose rows are normalised by the caller. Running statistics.
  public static func jule(size: Int) -> [Layer] {
    var layers: [Layer] = []
    // 28 pixels: pooled after the first of two; 32, 64 and 96: after each of two, three and four. Below 5 no kernel fits.
    let blocks = size < 5 ? 0 : size < 24 ? 1 : size < 48 ? 2 : size < 80 ? 3 : 4
    for block in 0..<blocks {
      layers += [.convolution(kernel: 5, outputs: 50, padding: 0, .normal(deviation: 0.01)), .batchNorm, .relu]
      if block == 0 || size > 28 { layers.append(.maxPool(PoolingWindow(2, ceiling: true))) }
    }
    return layers + [.flatten, .linear(outputs: 160, .normal(deviation: 0.01))]
  }
}
