import Tensors

/// The published plain networks, as lists of layers. Sizes of images that the papers do not have follow the nearest that they have.
extension PlainConvNet {
  /// DAC (Chang et al. 2017): the network of MNIST from 24 pixels on, of CIFAR below and from 32 on, of STL-10 from 64 on. The last layer gives K logits;
  /// y is their softmax. Batch statistics always. Below 16 pixels convolutions keep the size, so that images of any size fit.
  /// - Parameter channels: of the first convolutions, 64 as published; those behind each pool have twice as many.
  public static func dac(size: Int, clusters: Int, channels: Int = 64) -> [Layer] {
    let mnist = (24..<32).contains(size)
    let convolutions = size >= 64 ? [3, 3, 3] : mnist ? [3, 3] : [2, 2]
    let blocks = Blocks(convolutions, channels: channels, size: size, padding: size < 16 ? 1 : 0)
    // Of the map of 5 × 5 at 32 pixels, CIFAR's pool of 4 sees the first 4 × 4; the others see all.
    let pool: [Layer] = size == 32 ? [.averagePool(PoolingWindow(4)), .flatten] : [.globalAverage]
    let dense: [Layer] = [
      .linear(outputs: clusters, .identity), .batchNorm, .relu, .linear(outputs: clusters, .identity), .batchNorm,
    ]
    return blocks.layers.flatMap { $0 + (mnist ? [.batchNorm] : []) }
      + [.convolution(kernel: 1, outputs: clusters, padding: 0, .he), .batchNorm, .relu] + pool + (mnist ? [.batchNorm] : [])
      + dense + (mnist || size >= 64 ? [.relu] : [])
  }

  /// DCCM (Wu et al. 2019): C4-L2 below 64 pixels, DAC's convolutions of STL-10 from there on. M is the output of `firstPooled`, Y that of `lastLinear`;
  /// z is the softmax of the last layer. Batch statistics always. Below 20 pixels convolutions keep the size.
  /// - Parameter channels: of the first convolutions, 64 as published.
  public static func dccm(size: Int, clusters: Int, channels: Int = 64) -> [Layer] {
    var blocks = Blocks(size < 64 ? [2, 1, 1] : [3, 3, 3], channels: channels, size: size, padding: size < 20 ? 1 : 0).layers
    // C4 ends without a pool of its own.
    if size < 64 { blocks[2].removeLast() }
    return blocks.flatMap { $0 } + [
      .globalAverage, .linear(outputs: 64, .identity), .batchNorm, .relu, .linear(outputs: clusters, .identity), .batchNorm,
    ]
  }

  /// Convolutions 3 × 3, each with batch normalisation and ReLU, and a pool of 2 behind every block.
  private struct Blocks {
    /// Of each block.
    private(set) var layers: [[Layer]] = []

    init(_ convolutions: [Int], channels: Int, size: Int, padding: Int) {
      var side = size
      for (block, count) in convolutions.enumerated() {
        side -= count * (2 - 2 * padding)
        let convolution = Layer.convolution(kernel: 3, outputs: channels << block, padding: padding, .he)
        // Of a single pixel there is nothing to pool.
        let window = PoolingWindow(min(2, max(1, side)))
        layers.append((0..<count).flatMap { _ in [convolution, .batchNorm, .relu] } + [.maxPool(window)])
        side = window.outputs(of: side)
      }
    }
  }

  /// JULE (Yang et al. 2016): convolutions 5 × 5 of 50 channels, each with batch normalisation, ReLU and a pool of 2 that rounds up, until a map of at most
  /// 8 × 8 is left; then 160 features, whose rows are normalised by the caller. Running statistics.
  public static func jule(size: Int) -> [Layer] {
    var layers: [Layer] = []
    // 28 pixels: pooled after the first of two; 32, 64 and 96: after each of two, three and four. Below 6 no kernel leaves more than a pixel.
    let blocks = size < 6 ? 0 : size < 24 ? 1 : size < 48 ? 2 : size < 80 ? 3 : 4
    for block in 0..<blocks {
      layers += [.convolution(kernel: 5, outputs: 50, padding: 0, .normal(deviation: 0.01)), .batchNorm, .relu]
      if block == 0 || size > 28 { layers.append(.maxPool(PoolingWindow(2, ceiling: true))) }
    }
    return layers + [.flatten, .linear(outputs: 160, .normal(deviation: 0.01))]
  }
}
