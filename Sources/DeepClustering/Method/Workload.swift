import StageKit

/// What a network takes, told before it is built.
public struct NetworkSize: Sendable, Hashable {
  public var parameters = 0.0
  /// Numbers that the way back reads of every image.
  public var valuesPerImage = 0.0
  /// Operations of the products and sums of the way forward of one image, as many as the algorithms make.
  public var arithmetic = 0.0

  /// What a number takes that is normalised, activated and moved, in operations that take as long: small networks are mostly this, ResNet-34 hardly.
  /// Measured on both, forward and back (docs/scale.md).
  private static let perValue = 150.0

  /// Of the way forward of one image, in operations of a large product of matrices.
  public var operations: Double { arithmetic + Self.perValue * valuesPerImage }

  /// Counts a convolution whose output is kept.
  mutating func convolve(kernel: Int, from inputs: Int, to outputs: Int, side: Int) {
    // Settings may be of any size: a product of integers could be none.
    let (products, pixels) = (Double(kernel * kernel) * Double(inputs) * Double(outputs), Double(side) * Double(side))
    parameters += products
    valuesPerImage += pixels * Double(outputs)
    // Winograd's algorithm makes four of nine products, and 25 of 64 of four taps at stride 2, which only auto-encoders have, where channels suit.
    let share: Double =
      switch kernel {
      case 3: 4 / 9
      case 4 where inputs % 4 == 0 && outputs % 16 == 0: 25 / 64
      default: 1
      }
    arithmetic += 2 * products * pixels * share
  }
}

/// How much a whole training makes of its network, told before it begins.
public struct Workload: Sendable {
  /// Views that go through the network forward and back, and forward only, in the whole training.
  public let trained, seen: Double
  /// Views in a step.
  public let atOnce: Double

  public init(trained: Double, seen: Double = 0, atOnce: Int) { (self.trained, self.seen, self.atOnce) = (trained, seen, Double(atOnce)) }

  /// The way back takes twice the way forward: gradients of inputs and of parameters.
  public func operations(_ network: NetworkSize) -> Double { network.operations * (3 * trained + seen) }

  /// Bytes of a step: what the way back reads, and parameters with gradients and two moments.
  public func memory(_ network: NetworkSize) -> Double { 4 * (atOnce * network.valuesPerImage + 4 * network.parameters) }
}

extension ResidualSettings {
  func networkSize(_ settings: SettingValues, channels: Int, size: Int) -> NetworkSize {
    let (widths, blocks) = (settings[widths], settings[blocks])
    var network = NetworkSize()
    network.convolve(kernel: 3, from: settings[sobel] ? 2 : channels, to: widths[0], side: size)
    // Every convolution is followed by a normalisation, which keeps as much.
    var (side, inputs) = (size / 2 + 1, widths[0])
    for (stage, width) in widths.enumerated() {
      for block in 0..<blocks[stage] {
        let isSmaller = stage > 0 && block == 0
        if isSmaller { side = (side + 1) / 2 }
        network.convolve(kernel: 3, from: inputs, to: width, side: side)
        network.convolve(kernel: 3, from: width, to: width, side: side)
        if isSmaller || inputs != width { network.convolve(kernel: 1, from: inputs, to: width, side: side) }
        inputs = width
      }
    }
    network.valuesPerImage *= 2
    for outputs in settings[heads] { network.convolve(kernel: 1, from: inputs, to: outputs, side: 1) }
    return network
  }

  /// Views that the heads' passes of one epoch train on, each image once as it is and once for each copy.
  func trainedPerEpoch(_ settings: SettingValues, data: DataFacts, lastPasses: Int = 1) -> Double {
    Double((settings[heads].count - 1) * data.images + lastPasses * data.clusteredImages)
      * Double(1 + settings[CommonSettings.repeats])
  }
}

extension AutoencoderSettings {
  func networkSize(_ settings: SettingValues, channels: Int, size: Int) -> NetworkSize {
    let widths = settings[widths]
    let unit = 1 << widths.count
    var (network, inputs, side) = (NetworkSize(), channels, (size + unit - 1) / unit * unit)
    for width in widths {
      side /= 2
      // The decoder is the encoder's mirror; normalisation and ELU keep as much as the convolution.
      for _ in 0..<2 { network.convolve(kernel: 4, from: inputs, to: width, side: side) }
      inputs = width
    }
    network.valuesPerImage *= 3
    for _ in 0..<2 { network.convolve(kernel: 1, from: side * side * inputs, to: settings[codeSize], side: 1) }
    return network
  }
}

extension PlainConvNet {
  /// - Parameter layers: such as fit the images.
  static func networkSize(_ layers: [Layer], channels: Int, size: Int) -> NetworkSize {
    let shapes = shapes(layers, size: size, channels: channels) ?? []
    var network = NetworkSize()
    for (index, shape) in shapes.enumerated() {
      let inputs = index == 0 ? channels : shapes[index - 1].last ?? 1
      switch layers[index] {
      case .convolution(let kernel, let outputs, _, _): network.convolve(kernel: kernel, from: inputs, to: outputs, side: shape[0])
      case .linear(let outputs, _): network.convolve(kernel: 1, from: inputs, to: outputs, side: 1)
      default: network.valuesPerImage += shape.reduce(1) { $0 * Double($1) }
      }
    }
    return network
  }
}

extension BlockPlan {
  /// In every epoch each image is trained on so many times, in so many copies, and seen once for the targets.
  static func workload(_ settings: SettingValues, data: DataFacts) -> Workload {
    let images = Double(data.clusteredImages * settings[CommonSettings.epochs])
    return Workload(
      trained: images * Double(settings[runs] * settings[CommonSettings.repeats]), seen: images, atOnce: settings[CommonSettings.batch])
  }
}
