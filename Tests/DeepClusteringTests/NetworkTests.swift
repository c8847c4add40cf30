import DeepClustering
import Gradients
import Tensors
import Testing

@Suite("Residual network")
struct NetworkTests {
  @Test(
    "sizes of the maps after the pool and after stages 2 to 5",
    arguments: [28: [15, 15, 8, 4, 2], 32: [17, 17, 9, 5, 3], 64: [33, 33, 17, 9, 5], 96: [49, 49, 25, 13, 7]])
  func mapSizes(size: Int, expected: [Int]) {
    let network = ResidualNetwork(inputChannels: 1, widths: [2, 3, 4, 5], blocks: [1, 1, 1, 1], heads: [3], seed: 0)
    let tape = Tape(team: ThreadTeam(threads: 1), training: false)
    var x = network.stem(Tensor(zeros: [1, size, size, 1]), batches: [1], on: tape)
    var shapes = [x.value.shape]
    for stage in 0..<4 {
      x = network.stage(stage, x, batches: [1], on: tape)
      shapes.append(x.value.shape)
    }
    #expect(shapes == zip(expected, [2, 2, 3, 4, 5]).map { [1, $0, $0, $1] })
  }

  @Test("the paper's network has ResNet-34's 21.26 million convolution weights")
  func paperNetwork() {
    let network = ResidualNetwork(inputChannels: 2, widths: [64, 128, 256, 512], blocks: [3, 4, 6, 3], heads: [128, 10], seed: 0)
    let weights = network.parameters.filter { $0.value.shape.count == 4 }.reduce(0) { $0 + $1.value.count }
    // 33 convolutions of 3 × 3 (the stem sees 2 channels) and 3 of 1 × 1.
    let blocks = 9 * (6 * 64 * 64 + 64 * 128 + 7 * 128 * 128 + 128 * 256 + 11 * 256 * 256 + 256 * 512 + 5 * 512 * 512)
    #expect(weights == 9 * 2 * 64 + blocks + 64 * 128 + 128 * 256 + 256 * 512)
    #expect(abs(Double(weights) - 21.26e6) < 0.01e6)
  }

  @Test("initial weights: uniform within ±1/√fan_in, a stream for each parameter")
  func initialisation() throws {
    func make(_ seed: UInt64) -> ResidualNetwork {
      ResidualNetwork(inputChannels: 3, widths: [16, 32], blocks: [1, 1], heads: [10], seed: seed)
    }
    let (network, again, other) = (make(1), make(1), make(2))
    for (index, parameter) in network.parameters.enumerated() {
      let values = parameter.value.scalars
      #expect(values == again.parameters[index].value.scalars)
      if parameter.name.contains("bn") || parameter.name == "stem.1.weight" || parameter.name.contains("skip.1") { continue }
      if parameter.name == "stem.1.bias" { continue }
      #expect(values != other.parameters[index].value.scalars, "\(parameter.name)")
      let shape = parameter.value.shape
      let fanIn = shape.count == 4 ? shape[0] * shape[1] * shape[2] : 32
      let bound = 1 / Float(fanIn).squareRoot()
      #expect(values.allSatisfy { abs($0) <= bound }, "\(parameter.name)")
      if values.count > 400 {
        // A uniform variable's variance is bound²/3; 400 draws know it to a tenth.
        let variance = values.reduce(0) { $0 + $1 * $1 } / Float(values.count)
        #expect(abs(variance / (bound * bound / 3) - 1) < 0.15, "\(parameter.name)")
      }
    }
    for layer in network.batchNorms {
      #expect(layer.gamma.value.scalars.allSatisfy { $0 == 1 } && layer.beta.value.scalars.allSatisfy { $0 == 0 })
    }
  }

  @Test("names and axes of the equivalent PyTorch module; saved and loaded, the same network")
  func stateDictionary() throws {
    let network = ResidualNetwork(inputChannels: 3, widths: [4, 6], blocks: [1, 2], heads: [7, 5], seed: 3)
    let state = network.stateDictionary()
    let shapes = Dictionary(uniqueKeysWithValues: state.map { ($0.name, $0.tensor.shape) })
    #expect(shapes["stem.0.weight"] == [4, 3, 3, 3])
    #expect(shapes["stem.1.running_mean"] == [4])
    #expect(shapes["body.1.conv1.weight"] == [6, 4, 3, 3])
    #expect(shapes["body.1.skip.0.weight"] == [6, 4, 1, 1])
    #expect(shapes["body.1.skip.1.running_var"] == [6])
    #expect(shapes["body.2.bn2.weight"] == [6])
    #expect(shapes["body.0.skip.0.weight"] == nil && shapes["body.2.skip.0.weight"] == nil)
    #expect(shapes["heads.0.weight"] == [7, 6] && shapes["heads.1.bias"] == [5])

    let other = ResidualNetwork(inputChannels: 3, widths: [4, 6], blocks: [1, 2], heads: [7, 5], seed: 4)
    #expect(other.load(state) == nil)
    #expect(other.stateDictionary().map(\.tensor.scalars) == state.map(\.tensor.scalars))
    // [kh, kw, in, out] here, [out, in, kh, kw] there.
    let kernel = network.parameters[0].value.scalars
    let exported = ResidualNetwork.exported(network.parameters[0].value).scalars
    let (there, here) = (((2 * 3 + 1) * 3 + 0) * 3 + 2, ((0 * 3 + 2) * 3 + 1) * 4 + 2)
    #expect(exported[there] == kernel[here])

    let wider = ResidualNetwork(inputChannels: 3, widths: [4, 8], blocks: [1, 2], heads: [7, 5], seed: 4)
    #expect(wider.load(state) == "body.1.conv1.weight")
    #expect(other.load(state.filter { $0.name != "body.0.bn1.running_var" }) == "body.0.bn1.running_var")
  }

  @Test("assignments: the largest probability, the lowest cluster of several largest")
  func assignments() {
    let p = Tensor(shape: [4, 3], [0.2, 0.5, 0.3, 0.4, 0.2, 0.4, 0.1, 0.1, 0.8, .nan, .nan, .nan])
    #expect(Assignment.clusters(p) == [1, 0, 2, 0])
  }
}

@Suite("Input images")
struct InputImagesTests {
  private let team = ThreadTeam(threads: 1)

  @Test("bytes become (x/255 − mean)/std, channel by channel")
  func normalisation() {
    let input = InputImages(size: 1, channels: 3, mean: [0.5, 0.25, 0], std: [0.5, 0.25, 1], sobel: false)
    let x = input.prepare([0, 255, 51, 255, 0, 102], team: team)
    #expect(x.shape == [2, 1, 1, 3])
    for (value, expected) in zip(x.scalars, [-1, 3, 0.2, 1, -1, 0.4] as [Float]) { #expect(abs(value - expected) < 1e-6) }
  }

  @Test("Sobel of a constant image is 0 inside and not on the border")
  func sobelOfConstant() {
    let input = InputImages(size: 5, channels: 1, mean: [0], std: [1], sobel: true)
    let y = input.prepare([UInt8](repeating: 255, count: 25), team: team)
    #expect(y.shape == [1, 5, 5, 2])
    for row in 0..<5 {
      for column in 0..<5 {
        let (across, along) = (y.scalars[(row * 5 + column) * 2], y.scalars[(row * 5 + column) * 2 + 1])
        #expect((across == 0) == (1...3).contains(column), "\(row), \(column)")
        #expect((along == 0) == (1...3).contains(row), "\(row), \(column)")
      }
    }
  }

  @Test("Sobel of a ramp of slope 1 is 8 along it and 0 across, colours averaged")
  func sobelOfRamp() {
    let input = InputImages(size: 5, channels: 3, mean: [0, 0, 0], std: [1 / 255, 1 / 255, 1 / 255], sobel: true)
    let ramp: [UInt8] = (0..<25).flatMap { (at: Int) -> [UInt8] in [0, 1, 2].map { UInt8(at % 5 + $0) } }
    let y = input.prepare(ramp, team: team).scalars
    for at in [6, 7, 8, 11, 12, 13, 16, 17, 18] {
      let (across, along) = (y[at * 2], y[at * 2 + 1])
      #expect(abs(abs(across) - 8) < 1e-3 && abs(along) < 1e-3)
    }
  }
}
