import Artifacts
import DeepClustering
import FoundationEssentials
import Gradients
import StageKit
import Tensors
import Testing

/// Whole training steps against PyTorch in float64 (Tests/oracles/ccr_step.py makes the fixtures).
@Suite("Agreement with PyTorch")
struct PyTorchAgreementTests {
  private static let folder = String(#filePath.prefix(upTo: #filePath.lastIndex(of: "/") ?? #filePath.endIndex)) + "/../oracles"
  private static let resnet34 = folder + "/ccr_step_resnet34.h5"

  /// How far Float32 may be from float64, in units of the largest element of each tensor. PyTorch's own float32 is the measure: its
  /// distance from the fixtures stands beside each number.
  private struct Tolerance {
    let probabilities, gradients: Float
    /// Loss terms of the second and third step, running statistics and inference after them.
    let later: Float
    /// Weights after three steps of Adam, of at most 0.003 each: largest and mean difference.
    let weights, meanWeights: Float

    /// PyTorch: 5e-7, 2e-6, 9e-7, 2e-6, 7e-8.
    static let small = Tolerance(probabilities: 1e-5, gradients: 5e-5, later: 1e-4, weights: 3e-5, meanWeights: 1e-6)
    /// PyTorch: 3e-7, 4e-6, 3e-6, 7e-6, 5e-8; Winograd's transforms cost a digit.
    static let vectors = Tolerance(probabilities: 1e-5, gradients: 5e-5, later: 1e-4, weights: 6e-5, meanWeights: 1e-6)
    /// PyTorch: 2e-6, 4e-2, 1e-1, 2e-2, 9e-4: ten images through 36 batch normalisations and as many ReLU kinks.
    static let resnet34 = Tolerance(probabilities: 2e-5, gradients: 1e-1, later: 3e-1, weights: 2.5e-2, meanWeights: 2e-3)
  }

  @Test(
    "a small network, by direct kernels and by fast ones: losses, gradients, three steps of Adam with both heads, running statistics, inference",
    arguments: ["small", "vectors"])
  func smallNetwork(name: String) throws { try check(Self.folder + "/ccr_step_\(name).h5", name == "small" ? .small : .vectors) }

  @Test(
    "the paper's ResNet-34",
    .enabled(if: FileManager.default.fileExists(atPath: resnet34), "make the fixture with: python Tests/oracles/ccr_step.py resnet34"))
  func paperNetwork() throws { try check(Self.resnet34, .resnet34) }

  private func check(_ path: String, _ tolerance: Tolerance) throws {
    let file = try HDF5Reader(path)
    func numbers(_ name: String) throws -> [Int] { try file.tensor("shape/\(name)").scalars.map { Int($0) } }
    func state(_ group: String) throws -> [(name: String, tensor: Tensor)] {
      try file.names(in: group).map { ($0, try file.tensor("\(group)/\($0)")) }
    }
    let (first, shape) = try file.pixels("step_0/originals", axes: 4)
    let network = ResidualNetwork(
      inputChannels: 2, widths: try numbers("widths"), blocks: try numbers("blocks"), heads: try numbers("heads"), seed: 0)
    let names = try file.names(in: "initial").sorted()
    #expect(network.stateDictionary().map(\.name).sorted() == names)
    #expect(network.load(try state("initial")) == nil)
    let doubles = { (name: String) in try file.tensor("shape/\(name)").scalars.map { Double($0) } }
    let input = InputImages(size: shape[1], channels: shape[3], mean: try doubles("mean"), std: try doubles("std"), sobel: true)
    let team = ThreadTeam(threads: 2)
    try expectClose(input.prepare(first.bytes(), team: team), file.tensor("sobel"), tolerance.probabilities, "Sobel responses")

    let loss = CCRLoss(
      temperature: 0.5, temperatureInside: true, instanceWeight: 1, clusterWeight: 1, relationWeight: 0.004, relationReduction: .sum,
      balanceWeight: 1)
    let adam = Adam(parameters: network.parameters, learningRate: 0.003)
    for step in 0..<3 {
      let tape = Tape(team: team, training: true)
      let views = try ["originals", "augmented"].map {
        input.prepare(try file.pixels("step_\(step)/\($0)", axes: 4).pixels.bytes(), team: team)
      }
      let counts = views.map { $0.shape[0] }
      let features = network.features(Tensor(joining: views), batches: counts, on: tape)
      let probabilities = network.probabilities(features, head: step % 2, on: tape)
      let p = probabilities.value.rows(0..<counts[0])
      let q = probabilities.value.rows(counts[0]..<counts[0] + counts[1])
      let result = loss.evaluate(p, q)
      tape.backward([(probabilities, Tensor(joining: [result.originals, result.augmented]))])
      let terms = try file.tensor("step_\(step)/terms").scalars
      let mine = [result.terms.instance, result.terms.cluster, result.terms.relation, result.terms.balance, result.terms.total]
      for (mine, theirs) in zip(mine, terms) {
        #expect(abs(Float(mine) - theirs) < (step == 0 ? tolerance.probabilities : tolerance.later) * max(1, abs(theirs)), "step \(step)")
      }
      if step == 0 {
        try expectClose(p, file.tensor("step_0/p"), tolerance.probabilities, "P")
        try expectClose(q, file.tensor("step_0/q"), tolerance.probabilities, "P′")
        try checkGradients(network, file, tolerance)
      }
      adam.step(team: team)
    }
    try checkFinal(network, file, tolerance)

    let tape = Tape(team: team, training: false)
    let images = input.prepare(try file.pixels("step_2/originals", axes: 4).pixels.bytes(), team: team)
    let h = network.features(images, batches: [images.shape[0]], on: tape)
    try expectClose(h.value, file.tensor("inference/features"), tolerance.later, "features")
    for head in network.heads.indices {
      let p = network.probabilities(h, head: head, on: tape)
      try expectClose(p.value, file.tensor("inference/probabilities_\(head)"), tolerance.later, "probabilities \(head)")
    }
  }

  private func checkGradients(_ network: ResidualNetwork, _ file: HDF5Reader, _ tolerance: Tolerance) throws {
    let known = Set(try file.names(in: "gradients"))
    #expect(Set(network.parameters.filter { $0.gradient != nil }.map(\.name)) == known)
    for parameter in network.parameters {
      guard let gradient = parameter.gradient else { continue }
      try expectClose(
        ResidualNetwork.exported(gradient), file.tensor("gradients/\(parameter.name)"), tolerance.gradients, "gradient of \(parameter.name)"
      )
    }
  }

  private func checkFinal(_ network: ResidualNetwork, _ file: HDF5Reader, _ tolerance: Tolerance) throws {
    for (name, tensor) in network.stateDictionary() {
      let expected = try file.tensor("final/\(name)").scalars
      if name.contains("running") {
        try expectClose(tensor, file.tensor("final/\(name)"), tolerance.later, name)
      } else {
        let differences = zip(tensor.scalars, expected).map { abs($0 - $1) }
        #expect(differences.max() ?? 0 < tolerance.weights, "\(name)")
        #expect(differences.reduce(0, +) / Float(differences.count) < tolerance.meanWeights, "\(name)")
      }
    }
  }

  private func expectClose(_ mine: Tensor, _ theirs: Tensor, _ tolerance: Float, _ what: String) throws {
    try #require(mine.shape == theirs.shape, "\(what)")
    let largest = theirs.scalars.reduce(Float(0)) { max($0, abs($1)) }
    let difference = zip(mine.scalars, theirs.scalars).reduce(Float(0)) { max($0, abs($1.0 - $1.1)) }
    #expect(difference <= tolerance * largest, "\(what): differs by \(difference / largest) of the largest element")
  }
}
