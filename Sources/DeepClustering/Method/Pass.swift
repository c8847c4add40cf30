import Tensors

/// Which views of the images a pass is made on.
public enum ViewKind: Sendable, Hashable {
  /// Resized, the centre cropped: what `embed` sees.
  case plain
  /// An original view, resized and cropped at random, and so many augmented copies, all drawn anew in every pass.
  case augmented(copies: Int)
}

/// One pass over images: a piece of training at whose end weights, memory and history are complete.
public struct Pass: Sendable {
  /// 0, 1, …: the key of its random numbers.
  public let number: Int
  /// 1, 2, …: snapshots are kept when the last pass of their epoch is over.
  public let epoch: Int
  /// What the pass is for: "head 0", "pretraining". Loss terms are comparable within a phase.
  public let phase: String
  /// The image numbers of each step.
  public let batches: [[Int]]
  public let views: ViewKind
  /// Clusters that its steps assign images to; nil where they assign none.
  public let outputs: Int?

  public init(number: Int, epoch: Int, phase: String, batches: [[Int]], views: ViewKind, outputs: Int?) {
    (self.number, self.epoch, self.phase, self.batches, self.views, self.outputs) = (number, epoch, phase, batches, views, outputs)
  }

  /// Images 0 ..< count in batches, shuffled by (seed, pass). A last batch of fewer than two images, which has no relations and no variance,
  /// is left out.
  public static func shuffled(_ count: Int, batch: Int, seed: UInt64, number: Int) -> [[Int]] {
    var shuffle = RandomStream(seed: seed, purpose: .shuffle, epoch: number)
    return cut(shuffle.permutation(count), batch: batch)
  }

  /// Numbers in batches, in order; a last batch of fewer than two is left out.
  public static func cut(_ numbers: [Int], batch: Int) -> [[Int]] {
    (0..<steps(numbers.count, batch: batch)).map { Array(numbers[$0 * batch..<min(($0 + 1) * batch, numbers.count)]) }
  }

  /// Batches of a pass over so many images.
  public static func steps(_ count: Int, batch: Int) -> Int { count / batch + (count % batch >= 2 ? 1 : 0) }
}

/// The images of one step.
public struct Batch: Sendable {
  /// n image numbers
  public let numbers: [Int]
  /// As the model's `input` prepares them: n originals (or plain views), then R·n augmented ones, copy by copy, [(1 + R)·n, S, S, C].
  public let images: Tensor

  public init(numbers: [Int], images: Tensor) {
    (self.numbers, self.images) = (numbers, images)
  }
}

/// A term of a loss: the loss is the sum of weight · value.
public struct Term: Sendable, Hashable {
  public let name: String
  public var value: Double
  public let weight: Double

  public init(_ name: String, _ value: Double, weight: Double = 1) {
    (self.name, self.value, self.weight) = (name, value, weight)
  }
}

/// What a step found.
public struct StepResult: Sendable {
  public let terms: [Term]
  /// Of the originals [n, outputs of the pass]; nil where the pass assigns none.
  public let probabilities: Tensor?

  public init(terms: [Term], probabilities: Tensor? = nil) {
    (self.terms, self.probabilities) = (terms, probabilities)
  }
}

/// All images, for what a method finds out before a pass.
public struct PassData {
  /// What is prepared.
  let pass: Pass
  public let images, clusteredImages: Int
  public let team: ThreadTeam
  /// Plain views of some images, prepared [n, S, S, C].
  /// - Throws: `TrainingStopped` where the training is asked to stop: the pass is then prepared anew when it goes on.
  public let plain: ([Int]) throws -> Tensor

  /// Some images as the model sees them.
  /// - Throws: `TrainingDiverged` where that is not finite: merged or clustered it would mean nothing.
  public func embed(_ model: any DeepModel, _ numbers: [Int]) throws -> Embedded {
    let some = model.embed(try plain(numbers), team: team)
    for tensor in [some.features] + some.probabilities where !tensor.withUnsafeBufferPointer({ $0.allSatisfy(\.isFinite) }) {
      throw TrainingDiverged(epoch: pass.epoch, phase: pass.phase, term: "features")
    }
    return some
  }

  /// The first `count` images as the model sees them, `batch` at a time.
  /// - Throws: as for some images.
  public func embed(_ model: any DeepModel, count: Int, batch: Int = 200) throws -> Embedded {
    var features: [Float] = []
    var probabilities: [[Float]] = []
    for start in stride(from: 0, to: count, by: batch) {
      let some = try embed(model, Array(start..<min(start + batch, count)))
      features += some.features.scalars
      if probabilities.isEmpty { probabilities = some.probabilities.map { _ in [] } }
      for (head, p) in some.probabilities.enumerated() { probabilities[head] += p.scalars }
    }
    return Embedded(
      features: Tensor(shape: [count, features.count / count], features),
      probabilities: probabilities.map { Tensor(shape: [count, $0.count / count], $0) })
  }
}

/// Thrown out of a pass's preparation when training is asked to stop.
struct TrainingStopped: Error {}
