import Artifacts
import DeepClustering
import Gradients
import StageKit
import Tensors
import Testing

/// Forward and backward of each network against PyTorch in float64 (Tests/oracles/networks.py makes the fixture).
@Suite("Networks agree with PyTorch")
struct NetworkAgreementTests {
  /// Float32 against float64, in units of the largest element of each tensor, through up to six layers of short sums.
  private static let tolerance: Float = 1e-5
  private static let fixture =
    String(#filePath.prefix(upTo: #filePath.lastIndex(of: "/") ?? #filePath.endIndex)) + "/../oracles/networks.h5"

  @Test func convAutoencoder() throws {
    let network = ConvAutoencoder(size: 8, channels: 2, widths: [3, 16], codeSize: 5, seed: 0)
    try check("conv_autoencoder", network) { x, batches, tape in
      let encoded = network.encode(x, batches: batches, on: tape)
      return ["maps": encoded.maps, "code": encoded.code, "logits": network.decode(encoded.code, batches: batches, on: tape)]
    }
  }

  @Test func variationalWithoutBatchNorm() throws {
    let network = ConvAutoencoder(size: 8, channels: 1, widths: [4, 6], codeSize: 3, batchNorm: false, variational: true, seed: 0)
    try check("variational", network) { x, batches, tape in
      let encoded = network.encode(x, batches: batches, on: tape)
      return [
        "maps": encoded.maps, "code": encoded.code, "log_variance": try #require(encoded.logVariance),
        "logits": network.decode(encoded.code, batches: batches, on: tape),
      ]
    }
  }

  @Test func stackedAutoencoder() throws {
    let network = StackedAutoencoder(inputs: 9, widths: [7, 8, 3], seed: 0)
    try check("stacked", network) { x, _, tape in
      let code = network.encode(x, on: tape)
      return ["code": code, "output": network.decode(code, on: tape)]
    }
  }

  /// Every kind of layer; statistics of the batch in evaluation too.
  @Test func plainConvNet() throws {
    let layers: [PlainConvNet.Layer] = [
      .convolution(kernel: 3, outputs: 5, padding: 1, .standard), .batchNorm, .relu, .maxPool(PoolingWindow(2, ceiling: true)),
      .convolution(kernel: 2, outputs: 4, padding: 0, .standard), .averagePool(PoolingWindow(3, stride: 2, padding: 1)), .flatten,
      .linear(outputs: 6, .standard), .batchNorm, .relu, .linear(outputs: 3, .standard),
    ]
    let network = PlainConvNet(layers, size: 9, channels: 2, tracksStatistics: false, seed: 0)
    try check("plain", network) { x, batches, tape in
      // In two goes, as DCCM takes its shallow map out.
      let map = network.forward(x, layers: 0..<network.firstPooled, batches: batches, on: tape)
      return ["output": network.forward(map, layers: network.firstPooled..<layers.count, batches: batches, on: tape)]
    }
  }

  private func check(
    _ group: String, _ network: some Network, _ forward: (Variable, [Int], Tape) throws -> [String: Variable]
  ) throws {
    let file = try HDF5Reader(Self.fixture)
    func tensors(_ part: String) throws -> [(name: String, tensor: Tensor)] {
      try file.names(in: "\(group)/\(part)").map { ($0, try file.tensor("\(group)/\(part)/\($0)")) }
    }
    let initial = try tensors("initial")
    #expect(network.stateDictionary().map(\.name).sorted() == initial.map(\.name).sorted())
    #expect(network.load(initial) == nil)
    let team = ThreadTeam(threads: 2)
    let source = Parameter(name: "x", value: try file.tensor("\(group)/x"))
    let batches = [source.value.shape[0]]

    let tape = Tape(team: team, training: true)
    let outputs = try forward(tape.leaf(source), batches, tape)
    let expected = try tensors("outputs")
    #expect(outputs.keys.sorted() == expected.map(\.name).sorted())
    var directions: [(variable: Variable, gradient: Tensor)] = []
    for (name, tensor) in expected {
      let output = try #require(outputs[name])
      try expectClose(output.value, tensor, name)
      directions.append((output, try file.tensor("\(group)/directions/\(name)")))
    }
    tape.backward(directions)
    try expectClose(try #require(source.gradient), file.tensor("\(group)/x_gradient"), "gradient on x")
    let gradients = try tensors("gradients")
    #expect(gradients.count == network.parameters.count)
    for (name, tensor) in gradients {
      let parameter = try #require(network.parameters.first { $0.name == name })
      try expectClose(ResidualNetwork.exported(try #require(parameter.gradient)), tensor, "gradient of \(name)")
    }
    let state = network.stateDictionary()
    if file.contains("\(group)/running") {
      for (name, tensor) in try tensors("running") { try expectClose(try #require(state.first { $0.name == name }).tensor, tensor, name) }
    }
    let inference = Tape(team: team, training: false)
    let evaluated = try forward(inference.constant(source.value), batches, inference)
    for (name, tensor) in try tensors("evaluation") { try expectClose(try #require(evaluated[name]).value, tensor, "evaluation: \(name)") }
  }

  private func expectClose(_ mine: Tensor, _ theirs: Tensor, _ what: String) throws {
    try #require(mine.shape == theirs.shape, "\(what)")
    // Values are of order one; a bias in front of a batch normalisation has a gradient of exactly nothing.
    let largest = theirs.scalars.reduce(Float(0.1)) { max($0, abs($1)) }
    let difference = zip(mine.scalars, theirs.scalars).reduce(Float(0)) { max($0, abs($1.0 - $1.1)) }
    #expect(difference <= Self.tolerance * largest, "\(what): differs by \(difference / largest) of the largest element")
  }
}
