import DeepClustering
import Gradients
import Tensors
import Testing

@Suite("Auto-encoders and plain networks")
struct PlainNetworksTests {
  private let tape = Tape(team: ThreadTeam(threads: 2), training: false)

  /// The sides of the maps behind each pooling, and then the sizes of the rows.
  private func outline(_ layers: [PlainConvNet.Layer], size: Int) throws -> [Int] {
    let shapes = try #require(PlainConvNet.shapes(layers, size: size, channels: 3))
    return zip(layers, shapes).compactMap { layer, shape in
      switch layer {
      case .maxPool, .averagePool: shape[0]
      case .globalAverage, .flatten, .linear: shape.reduce(1, *)
      default: nil
      }
    }
  }

  @Test("DAC: 28, 32, 64 and 96 pixels") func dac() throws {
    #expect(try outline(PlainConvNet.dac(size: 28, clusters: 10), size: 28) == [11, 2, 10, 10, 10])
    #expect(try outline(PlainConvNet.dac(size: 32, clusters: 10), size: 32) == [14, 5, 1, 10, 10, 10])
    #expect(try outline(PlainConvNet.dac(size: 64, clusters: 200), size: 64) == [29, 11, 2, 200, 200, 200])
    #expect(try outline(PlainConvNet.dac(size: 96, clusters: 10), size: 96) == [45, 19, 6, 10, 10, 10])
  }

  @Test("DCCM: M of 14 × 14 × 64 and Y at 32 pixels") func dccm() throws {
    let layers = PlainConvNet.dccm(size: 32, clusters: 7)
    #expect(try outline(layers, size: 32) == [14, 6, 256, 64, 7])
    let network = PlainConvNet(layers, size: 32, channels: 3, tracksStatistics: false, seed: 0)
    #expect(network.shapes[network.firstPooled - 1] == [14, 14, 64])
    #expect(network.shapes[network.lastLinear - 1] == [7] && network.lastLinear == layers.count - 1)
    #expect(try outline(PlainConvNet.dccm(size: 28, clusters: 7), size: 28) == [12, 5, 256, 64, 7])
    #expect(try outline(PlainConvNet.dccm(size: 96, clusters: 7), size: 96) == [45, 19, 6, 256, 64, 7])
    // Without running statistics there are none to save.
    #expect(!network.stateDictionary().contains { $0.name.contains("running") })
  }

  @Test("JULE: rows of 3200, 1250, 1250 and 450 in front of 160 features") func jule() throws {
    #expect(try outline(PlainConvNet.jule(size: 28), size: 28) == [12, 3200, 160])
    #expect(try outline(PlainConvNet.jule(size: 32), size: 32) == [14, 5, 1250, 160])
    #expect(try outline(PlainConvNet.jule(size: 64), size: 64) == [30, 13, 5, 1250, 160])
    #expect(try outline(PlainConvNet.jule(size: 96), size: 96) == [46, 21, 9, 3, 450, 160])
  }

  @Test("JULE's network fits images of every size") func julesNetworkOfEverySize() throws {
    for size in 1...100 {
      let network = PlainConvNet(PlainConvNet.jule(size: size), size: size, channels: 1, tracksStatistics: true, seed: 0)
      let y = network.forward(tape.constant(Tensor(zeros: [1, size, size, 1])), batches: [1], on: tape)
      #expect(y.value.shape == [1, 160])
    }
  }

  @Test("layers that do not fit are told before") func misfits() {
    #expect(PlainConvNet.shapes(PlainConvNet.dac(size: 32, clusters: 3), size: 8, channels: 1) == nil)
    #expect(PlainConvNet.shapes([.linear(outputs: 3, .standard)], size: 8, channels: 1) == nil)
    #expect(PlainConvNet.shapes([.globalAverage, .flatten], size: 8, channels: 1) == nil)
    #expect(PlainConvNet.shapes([.maxPool(PoolingWindow(9))], size: 8, channels: 1) == nil)
  }

  @Test("what comes out has the shapes that were told", arguments: [28, 32]) func forward(size: Int) throws {
    for layers in [PlainConvNet.dac(size: size, clusters: 4), PlainConvNet.dccm(size: size, clusters: 4), PlainConvNet.jule(size: size)] {
      let network = PlainConvNet(layers, size: size, channels: 1, tracksStatistics: true, seed: 0)
      let y = network.forward(tape.constant(Tensor(zeros: [2, size, size, 1])), batches: [2], on: tape)
      #expect(y.value.shape == [2] + (try #require(network.shapes.last)))
      #expect(network.leastBytes(images: 2) > network.leastBytes(images: 1))
    }
  }

  @Test("auto-encoder: maps, code and reconstruction", arguments: [32: 4, 64: 4, 96: 6]) func autoencoder(size: Int, side: Int) {
    let widths = ConvAutoencoder.widths(size: size)
    let network = ConvAutoencoder(size: size, channels: 3, widths: widths, codeSize: 11, variational: true, seed: 0)
    let encoded = network.encode(tape.constant(Tensor(zeros: [2, size, size, 3])), batches: [2], on: tape)
    #expect(encoded.maps.value.shape == [2, side, side, widths[widths.count - 1]])
    #expect(encoded.code.value.shape == [2, 11] && encoded.logVariance?.value.shape == [2, 11])
    #expect(network.decode(encoded.code, batches: [2], on: tape).value.shape == [2, size, size, 3])
    #expect(ConvAutoencoder.widths(size: 28) == [32, 64, 128])
  }

  @Test("the stack of DEC") func stack() {
    let network = StackedAutoencoder(inputs: 784, widths: StackedAutoencoder.widths, seed: 0)
    #expect(network.sizes == [784, 500, 500, 2000, 10] && network.layers == 4)
    let half = 784 * 500 + 500 * 500 + 500 * 2000 + 2000 * 10
    #expect(network.parameters.reduce(0) { $0 + $1.value.count } == 2 * half + 500 + 500 + 2000 + 10 + 2000 + 500 + 500 + 784)
    let x = tape.constant(Tensor(shape: [1, 784], Array(repeating: 1, count: 784)))
    #expect(network.decode(network.encode(x, on: tape), on: tape).value.shape == [1, 784])
    // Behind a hidden layer ReLU, behind the code and the output none.
    #expect(network.encode(x, layer: 0, on: tape).value.scalars.allSatisfy { $0 >= 0 })
    #expect(network.encode(x, on: tape).value.scalars.contains { $0 < 0 })
    #expect(network.pair(0).map(\.name) == ["encoder.0.weight", "encoder.0.bias", "decoder.3.weight", "decoder.3.bias"])
  }

  @Test("initial weights: as each paper has them, a stream for each parameter") func initialisation() throws {
    func deviation(_ network: some Network, _ name: String) throws -> Double {
      let values = try #require(network.parameters.first { $0.name == name }).value.scalars.map { Double($0) }
      #expect(values.count > 2000)
      return (values.reduce(0) { $0 + $1 * $1 } / Double(values.count)).squareRoot()
    }
    func values(_ network: some Network, _ name: String) throws -> [Float] {
      try #require(network.parameters.first { $0.name == name }).value.scalars
    }
    let stack = StackedAutoencoder(inputs: 100, widths: [50, 40], seed: 1)
    #expect(abs(try deviation(stack, "encoder.0.weight") / 0.01 - 1) < 0.05)
    #expect(try values(stack, "encoder.0.bias").allSatisfy { $0 == 0 })

    let encoder = ConvAutoencoder(size: 32, channels: 3, widths: [32, 64, 128], codeSize: 16, seed: 1)
    #expect(abs(try deviation(encoder, "encoder.1.conv.weight") / (2.0 / 512).squareRoot() - 1) < 0.03)
    #expect(abs(try deviation(encoder, "decoder.0.conv.weight") / (2.0 / 512).squareRoot() - 1) < 0.03)
    #expect(try values(encoder, "code.weight").allSatisfy { abs($0) <= 1 / Float(2048).squareRoot() })
    #expect(try values(encoder, "decoder.2.conv.bias").count == 3)
    #expect(!encoder.parameters.contains { $0.name == "decoder.1.conv.bias" })

    let dac = PlainConvNet(PlainConvNet.dac(size: 28, clusters: 3), size: 28, channels: 1, tracksStatistics: false, seed: 1)
    #expect(abs(try deviation(dac, "layers.3.weight") / (2.0 / 576).squareRoot() - 1) < 0.03)
    let dense = try #require(dac.parameters.last { $0.value.shape == [3, 3] })
    #expect(dense.value.scalars == [1, 0, 0, 0, 1, 0, 0, 0, 1])

    let (again, other) = (
      StackedAutoencoder(inputs: 100, widths: [50, 40], seed: 1), StackedAutoencoder(inputs: 100, widths: [50, 40], seed: 2)
    )
    #expect(again.stateDictionary().map(\.tensor.scalars) == stack.stateDictionary().map(\.tensor.scalars))
    #expect(try values(other, "encoder.0.weight") != values(stack, "encoder.0.weight"))
  }
}

@Suite("Reconstruction losses")
struct ReconstructionLossTests {
  private let team = ThreadTeam(threads: 2)

  private func random(_ shape: [Int], _ item: Int, _ low: Float, _ high: Float) -> Tensor {
    var stream = RandomStream(seed: 12, purpose: .test, item: item)
    return Tensor(shape: shape, (0..<shape.reduce(1, *)).map { _ in stream.uniform(low, high) })
  }

  @Test func byHand() {
    let squared = squaredErrorLoss(Tensor(shape: [2, 2], [1, 2, 3, 4]), targets: Tensor(shape: [2, 2], [0, 2, 1, 4]), team: team)
    #expect(squared.value == 2.5 && squared.gradient.scalars == [1, 0, 2, 0])
    // ln 2 at logit 0 whatever the target; nothing where a large logit is right; |l| where it is wrong.
    let entropy = binaryCrossEntropyLoss(
      logits: Tensor(shape: [1, 4], [0, 1000, -1000, 1000]), targets: Tensor(shape: [1, 4], [0.25, 1, 0, 0]), team: team)
    #expect(abs(entropy.value - (0.6931471805599453 + 1000)) < 1e-9)
    #expect(entropy.gradient.scalars == [0.25, 0, 0, 1])
  }

  @Test func gradientsByCentralDifferences() {
    let (x, target) = (random([3, 4], 0, -2, 2), random([3, 4], 1, 0, 1))
    for loss in [
      { squaredErrorLoss($0, targets: target, team: team) }, { binaryCrossEntropyLoss(logits: $0, targets: target, team: team) },
    ] as [(Tensor) -> (value: Double, gradient: Tensor)] {
      let gradient = loss(x).gradient.scalars
      for at in 0..<x.count {
        func moved(_ step: Float) -> Double {
          var values = x.scalars
          values[at] += step
          return loss(Tensor(shape: x.shape, values)).value
        }
        let numeric = (moved(0x1p-8) - moved(-0x1p-8)) / 0x1p-7
        #expect(abs(numeric - Double(gradient[at])) < 1e-5)
      }
    }
  }

  @Test func doesNotDependOnThreads() {
    let (x, target) = (random([50, 700], 2, -9, 9), random([50, 700], 3, 0, 1))
    for loss in [{ squaredErrorLoss($0, targets: target, team: $1) }, { binaryCrossEntropyLoss(logits: $0, targets: target, team: $1) }]
      as [(Tensor, ThreadTeam) -> (value: Double, gradient: Tensor)]
    {
      let (one, three) = (loss(x, ThreadTeam(threads: 1)), loss(x, ThreadTeam(threads: 3)))
      #expect(one.value == three.value && one.gradient.scalars == three.gradient.scalars)
    }
  }
}
