import StageKit
import Tensors

/// How DAC and DCCM go through the images: in every epoch shuffled and cut into blocks, through each block some runs in a row. A pass is one run, so
/// that every run sees views of its own.
public struct BlockPlan: Sendable {
  static let blockSize = Setting<Int>("block", 4...10_000_000, "images whose targets are found at once; all, where there are fewer")
  static let runs = Setting<Int>("runs", 1...1000, "passes over a block with the same targets")
  static let settings = [
    AnySetting(blockSize), AnySetting(runs), AnySetting(CommonSettings.repeats), AnySetting(CommonSettings.learningRate),
  ]

  /// Of all images, of a block at the most, and of a step.
  public let images, block, batch: Int
  public let epochs, runs: Int
  /// Augmented copies of each image of a batch; each makes an update of its own.
  public let copies: Int
  public let clusters: Int
  public let seed: UInt64

  public init(images: Int, block: Int, batch: Int, epochs: Int, runs: Int, copies: Int, clusters: Int, seed: UInt64) {
    precondition(images >= 2 && block >= 4 && batch >= 2, "\(images) images in blocks of \(block), batches of \(batch)")
    (self.images, self.block, self.batch, self.epochs, self.runs) = (images, block, batch, epochs, runs)
    (self.copies, self.clusters, self.seed) = (copies, clusters, seed)
  }

  init(_ settings: SettingValues, data: DataFacts, clusters: Int) {
    self.init(
      images: data.clusteredImages, block: settings[Self.blockSize], batch: settings[CommonSettings.batch],
      epochs: settings[CommonSettings.epochs], runs: settings[Self.runs], copies: settings[CommonSettings.repeats], clusters: clusters,
      seed: UInt64(settings[CommonSettings.seed]))
  }

  /// Blocks of an epoch, which differ by one image at the most.
  public var blocks: Int { (images + block - 1) / block }

  private func bounds(_ block: Int) -> Range<Int> { block * images / blocks..<(block + 1) * images / blocks }

  var largestBlock: Int { (images + blocks - 1) / blocks }

  public var steps: Int { epochs * runs * (0..<blocks).reduce(0) { $0 + max(1, bounds($1).count / batch) } }

  public var passes: Int { epochs * blocks * runs }

  /// Whether a pass is the first over its block.
  public func beginsBlock(_ pass: Int) -> Bool { pass % runs == 0 }

  /// The images of a pass's block.
  public func numbers(of pass: Int) -> [Int] {
    let (epoch, block) = (pass / (blocks * runs), pass / runs % blocks)
    var shuffle = RandomStream(seed: seed, purpose: .shuffle, epoch: epoch)
    return Array(shuffle.permutation(images)[bounds(block)])
  }

  /// A pass in batches of full size, as batch statistics ask for; what is left over waits for the next run. A block below a batch is one batch.
  func pass(_ number: Int, phase: String) -> Pass? {
    guard number < passes else { return nil }
    let numbers = numbers(of: number)
    var shuffle = RandomStream(seed: seed, purpose: .shuffle, epoch: number, copy: 1)
    let order = shuffle.permutation(numbers.count).map { numbers[$0] }
    let size = min(batch, order.count)
    return Pass(
      number: number, epoch: number / (blocks * runs) + 1, phase: phase,
      batches: (0..<order.count / size).map { Array(order[$0 * size..<($0 + 1) * size]) }, views: .augmented(copies: copies),
      outputs: clusters)
  }
}

/// What the network said of the images of a block before the first run over it: what the targets of all its runs are made of.
final class BlockTargets {
  private let plan: BlockPlan
  /// [largest block, K], in the order of `BlockPlan.numbers`; rows behind a smaller block's are old ones.
  private var probabilities: Tensor
  /// Where the images of a block stand, and the first pass of that block.
  private var places: (first: Int, of: [Int: Int]) = (-1, [:])

  init(_ plan: BlockPlan) {
    self.plan = plan
    probabilities = Tensor(zeros: [plan.largestBlock, plan.clusters])
  }

  var memory: (name: String, tensor: Tensor) { ("targets", probabilities) }

  func restore(_ memory: (name: String, tensor: Tensor)) -> Bool {
    guard memory.tensor.shape == probabilities.shape else { return false }
    probabilities = memory.tensor
    return true
  }

  /// At most so many images go through at once; as in `embed`, batch normalisation takes their statistics.
  private static let most = 200

  /// Asks the model about the plain views of a block's images, before the first pass over it.
  func prepare(_ pass: Pass, _ data: PassData, _ model: any DeepModel) throws {
    guard plan.beginsBlock(pass.number) else { return }
    let numbers = plan.numbers(of: pass.number)
    let pieces = (numbers.count + Self.most - 1) / Self.most
    var known: [Float] = []
    for piece in 0..<pieces {
      let some = Array(numbers[piece * numbers.count / pieces..<(piece + 1) * numbers.count / pieces])
      known += try data.embed(model, some).probabilities[0].scalars
    }
    probabilities.withUnsafeMutableBufferPointer { for (at, value) in known.enumerated() { $0[at] = value } }
  }

  /// Of some images of the pass's block [n, K].
  func of(_ numbers: [Int], in pass: Pass) -> DoubleMatrix {
    let first = pass.number - pass.number % plan.runs
    if places.first != first {
      places = (first, Dictionary(uniqueKeysWithValues: plan.numbers(of: first).enumerated().map { ($1, $0) }))
    }
    return DoubleMatrix(
      probabilities.rows(
        numbers.map { number in
          guard let place = places.of[number] else { preconditionFailure("image \(number) is not of the block of pass \(pass.number)") }
          return place
        }))
  }
}
