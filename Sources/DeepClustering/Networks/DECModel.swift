import Clustering
import Gradients
import Tensors

/// DEC's network: a stacked auto-encoder whose codes are assigned to centres.
public final class DECModel: DeepModel {
  public let network: StackedAutoencoder
  /// [K, D]; zeros until clustering begins.
  public let centres: Parameter
  public let input: InputImages
  private let restarts: Int

  /// - Parameter restarts: of k-means.
  public init(_ network: StackedAutoencoder, clusters: Int, restarts: Int, input: InputImages) {
    self.network = network
    self.input = input
    self.restarts = restarts
    centres = Parameter(name: "centres", value: Tensor(zeros: [clusters, network.sizes[network.layers]]))
  }

  public var weights: NamedTensors { network.stateDictionary() + [(centres.name, centres.value)] }

  public func load(_ weights: NamedTensors) -> String? {
    guard let loaded = weights.first(where: { $0.name == centres.name })?.tensor, loaded.shape == centres.value.shape else {
      return centres.name
    }
    centres.value = loaded
    return network.load(weights)
  }

  /// Images [n, S, S, C] as rows [n, C·S·S], channel by channel.
  func rows(_ images: Tensor, on tape: Tape) -> Variable { tape.flatten(tape.constant(images)) }

  public func embed(_ images: Tensor, team: ThreadTeam) -> Embedded {
    let tape = Tape(team: team, training: false)
    let codes = network.encode(rows(images, on: tape), on: tape).value
    let q = TargetDistribution.assignments(DoubleMatrix(codes), centres: DoubleMatrix(centres.value))
    return Embedded(features: codes, probabilities: [q.tensor])
  }

  /// The centre of largest q; before clustering has begun, what it would begin with: k-means on the codes.
  public func clusters(_ all: Embedded, seed: UInt64, team: ThreadTeam) -> [Int32] {
    let started = centres.value.withUnsafeBufferPointer { $0.contains { $0 != 0 } }
    return started ? Assignment.clusters(all.probabilities[0]) : kMeans(all.features, seed: seed, team: team).assignments
  }

  /// k-means on codes: the best of several starts.
  func kMeans(_ codes: Tensor, seed: UInt64, team: ThreadTeam) -> KMeans.Result {
    let clusters = min(centres.value.shape[0], codes.shape[0])
    // Neither of its errors can come: there are at least as many rows as clusters, and nobody asks it to stop.
    guard
      let result = try? KMeans(clusters: clusters, restarts: restarts, iterations: 300, tolerance: 1e-4).fit(codes, seed: seed, team: team)
    else { preconditionFailure("k-means refused \(codes.shape[0]) rows for \(clusters) clusters") }
    return result
  }
}
