import Artifacts
import Datasets
import DeepClustering
import StageKit
import Tensors

let method = Setting<String>("method", choices: DeepMethods.all.map { $0.name }, "the clustering method that was trained")
let resize = Setting<Int>("resize", 1...4096, "shorter side before the centre is cropped, pixels")
let size = Setting<Int>("size", 1...4096, "height and width of the views, pixels")
let snapshots = Setting<[Int]>("snapshots", 0...100_000, "epochs to embed, besides the last one kept")
let batch = Setting<Int>("batch", 1...100_000, "images at once")

let description = StageDescription(
  name: "embed", version: 2,
  summary: "Computes features, assignment probabilities and clusters of all images, batch normalisation in inference mode.",
  inputs: [Port("images", "images.h5"), Port("weights", "weights.h5")],
  outputs: [
    Port("features", "features.h5", datasets: ["/epoch_*/features"]),
    Port("assignments", "assignments.h5", datasets: ["/epoch_*/assignments"]),
  ],
  settings: [
    AnySetting(method), AnySetting(CommonSettings.seed), AnySetting(resize), AnySetting(size), AnySetting(snapshots), AnySetting(batch),
  ],
  variants: (by: "method", settings: DeepMethods.variants { $0.networkSettings }),
  usesBLAS: false,
  check: { run in
    guard run[size] <= run[resize] else {
      throw StageError.illegalSetting("size", "must be at most resize, \(run[resize]), not \(run[size])")
    }
    let (images, weights, method) = (run.input("images"), run.input("weights"), deepMethod(run.settings))
    try method.check(run.settings, channels: images.channels)
    if let made = weights.settings, made != run.settings.canonical(of: "network") {
      throw StageError.illegalSetting("network", "must be the network that is trained, with all its settings alike")
    }
    if let kept = weights.epochs, let missing = run[snapshots].first(where: { !kept.contains($0) }) {
      let list = kept.map(String.init).joined(separator: ", ")
      throw StageError.illegalSetting("snapshots", "must be epochs whose weights are kept, \(list), not \(missing)")
    }
    let epochs = weights.epochs.map { embedded(run.settings, kept: $0) }
    run.promise(FileFacts(images: images.images, epochs: epochs), of: "features")
    run.work = embeddingWork(run.settings, method, images, epochs: epochs?.count ?? run[snapshots].count + 1)
    let heads = method.heads(run.settings)
    run.promise(
      FileFacts(images: images.images, epochs: epochs, heads: heads.isEmpty ? [method.clusterCount(run.settings)] : heads),
      of: "assignments")
  })

/// What embedding takes, as far as the images are known.
@Sendable func embeddingWork(_ settings: SettingValues, _ method: any DeepMethod.Type, _ images: FileFacts, epochs: Int) -> Work? {
  guard let count = images.images, let channels = images.channels,
    let network = method.networkSize(settings, channels: channels, size: settings[size])
  else { return nil }
  let (rows, perImage) = (Double(count), Double(method.heads(settings).reduce(0, +) + 1))
  return Work(
    operations: network.operations * rows * Double(epochs),
    memory: 4 * (Double(settings[batch]) * network.valuesPerImage + 2 * network.parameters + 2 * rows * perImage)
      + rows * Double(channels) * Double(settings[size] * settings[size]),
    outputs: 4 * rows * perImage * Double(epochs))
}

@Sendable func deepMethod(_ settings: SettingValues) -> any DeepMethod.Type {
  guard let found = DeepMethods.named(settings[method]) else { preconditionFailure("a choice of the schema") }
  return found
}

/// The epochs asked for and the last one kept, which is scored.
@Sendable func embedded(_ settings: SettingValues, kept: [Int]) -> [Int] { Set(settings[snapshots] + kept.suffix(1)).sorted() }

/// Puts rows [n, D] where the images of these numbers have their place among all rows.
@Sendable func place(_ rows: Tensor, _ numbers: [Int], of count: Int, in all: inout [Float]) {
  let (width, scalars) = (rows.shape[1], rows.scalars)
  if all.isEmpty { all = [Float](repeating: 0, count: count * width) }
  for (row, number) in numbers.enumerated() {
    all.replaceSubrange(number * width..<(number + 1) * width, with: scalars[row * width..<(row + 1) * width])
  }
}

/// The cluster of every image. What is not clustered has no part in k-means or merging, nor a cluster by them, −1; heads assign it like the others.
func clusters(_ all: Embedded, of images: ImageSet, by model: any DeepModel, seed: UInt64, team: ThreadTeam) -> [Int32] {
  let (scored, rest) = (0..<images.scored, images.scored..<images.count)
  let some = Embedded(features: all.features.rows(scored), probabilities: all.probabilities.map { $0.rows(scored) })
  let found = model.clusters(some, seed: seed, team: team)
  if rest.isEmpty { return found }
  return found + (all.probabilities.last.map { Assignment.clusters($0.rows(rest)) } ?? [Int32](repeating: -1, count: rest.count))
}

StageProgram.run(description) { job in
  Memory.keepFreedPages()
  let images = try ImagesFile.read(job.input("images"))
  guard images.count > 0 else {
    throw HDF5Error.unexpected(dataset: "/images", path: job.input("images"), expected: "at least one image", found: "none")
  }
  let (method, seed) = (deepMethod(job.settings), UInt64(job[CommonSettings.seed]))
  try method.check(job.settings, channels: images.channels)
  if let network = method.networkSize(job.settings, channels: images.channels, size: job[size]) {
    try job.requireMemory(Int(4 * network.parameters))
  }
  let model = method.model(job.settings, channels: images.channels, size: job[size], seed: 0)
  let epochs = embedded(job.settings, kept: try WeightsFile.epochs(job.input("weights")))
  var features: [(epoch: Int, features: Tensor)] = []
  var assignments: [Assignments] = []
  // Each batch is spread over all images and none is small: some methods normalise by the statistics of the batch, which of neighbours in a set
  // sorted by class, or of a handful, would be none of the set's. Images that are not clustered, STL-10's unlabelled ones, have batches of their own.
  let batches = [0..<images.scored, images.scored..<images.count].flatMap { part in
    let count = (part.count + job[batch] - 1) / job[batch]
    return (0..<count).map { Array(stride(from: part.lowerBound + $0, to: part.upperBound, by: count)) }
  }
  for (done, epoch) in epochs.enumerated() {
    if let missing = model.load(try WeightsFile.read(job.input("weights"), epoch: epoch)) {
      throw HDF5Error.unexpected(
        dataset: missing, path: job.input("weights"), expected: "a parameter of the network that the settings describe",
        found: "none, or another shape")
    }
    var values: [Float] = []
    var probabilities = method.heads(job.settings).map { _ in [Float]() }
    for (number, numbers) in batches.enumerated() {
      let views = try Views.evaluation(images, numbers: numbers, resize: job[resize], size: job[size], team: job.team)
      let some = model.embed(model.input.prepare(views, team: job.team), team: job.team)
      place(some.features, numbers, of: images.count, in: &values)
      for head in probabilities.indices { place(some.probabilities[head], numbers, of: images.count, in: &probabilities[head]) }
      job.progress(done: done * batches.count + number + 1, total: epochs.count * batches.count, unit: "batch", detail: "epoch \(epoch)")
    }
    guard values.allSatisfy(\.isMeasurable) else { throw EmbeddingError.notFinite(epoch: epoch, path: job.input("weights")) }
    let all = Embedded(
      features: Tensor(shape: [images.count, values.count / images.count], values),
      probabilities: zip(probabilities, method.heads(job.settings)).map { Tensor(shape: [images.count, $1], $0) })
    features.append((epoch, all.features))
    let clusters = clusters(all, of: images, by: model, seed: seed, team: job.team)
    assignments.append(
      Assignments(
        epoch: epoch, clusters: clusters,
        probabilities: all.probabilities.isEmpty
          ? [SoftAssignments.students(all.features, clusters: clusters, count: method.clusterCount(job.settings))] : all.probabilities))
  }
  try FeaturesFile.write(features, to: job.output("features"))
  try AssignmentsFile.write(assignments, to: job.output("assignments"))
}
