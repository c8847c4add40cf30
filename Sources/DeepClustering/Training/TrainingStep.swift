import Gradients
import Tensors

/// One step of training: forward of both views, the losses, backward and the optimiser.
public struct TrainingStep {
  private let network: ResidualNetwork
  private let loss: StructuralContrast
  private let adam: Adam
  private let team: ThreadTeam

  /// - Parameter adam: of the network's parameters.
  public init(_ network: ResidualNetwork, loss: StructuralContrast, adam: Adam, team: ThreadTeam) {
    self.network = network
    self.loss = loss
    self.adam = adam
    self.team = team
  }

  /// Both views go through the network at once, which reads and transforms every filter once; batch normalisation keeps them apart.
  /// - Parameters:
  ///   - images: `originals` original views and R times as many augmented ones, copy by copy, [(1 + R)·originals, S, S, C].
  ///   - head: the head that is trained.
  /// - Returns: the loss terms, and the originals' assignment probabilities [originals, clusters of the head].
  @discardableResult
  public func run(_ images: Tensor, originals: Int, head: Int) -> (terms: StructuralContrast.Terms, probabilities: Tensor) {
    let all = images.shape[0]
    let tape = Tape(team: team, training: true)
    let p = network.probabilities(network.features(images, batches: [originals, all - originals], on: tape), head: head, on: tape)
    let probabilities = p.value.rows(0..<originals)
    let loss = loss.evaluate(probabilities, p.value.rows(originals..<all))
    tape.backward([(p, Tensor(joining: [loss.originals, loss.augmented]))])
    adam.step(team: team)
    return (loss.terms, probabilities)
  }
}
