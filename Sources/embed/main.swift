import Artifacts
import Datasets
import DeepClustering
import Gradients
import StageKit
import Tensors

let network = NetworkSettings()
let resize = Setting<Int>("resize", 1...4096, "shorter side before the centre is cropped, pixels")
let size = Setting<Int>("size", 1...4096, "height and width of the views, pixels")
let snapshots = Setting<[Int]>("snapshots", 0...100_000, "epochs to embed, besides the last one kept")
let batch = Setting<Int>("batch", 1...100_000, "images at once")

let description = StageDescription(
  name: "embed", version: 1,
  summary: "Computes features and assignment probabilities of all images, batch normalisation in inference mode.",
  inputs: [Port("images", "images.h5"), Port("weights", "weights.h5")],
  outputs: [
    Port("features", "features.h5", datasets: ["/epoch_*/features"]),
    Port("assignments", "assignments.h5", datasets: ["/epoch_*/assignments"]),
  ],
  settings: network.all + [AnySetting(resize), AnySetting(size), AnySetting(snapshots), AnySetting(batch)], usesBLAS: false,
  check: { run in
    guard run[size] <= run[resize] else {
      throw StageError.illegalSetting("size", "must be at most resize, \(run[resize]), not \(run[size])")
    }
    let (images, weights) = (run.input("images"), run.input("weights"))
    try network.check(run.settings, channels: images.channels)
    let spelling = run.settings.canonical(of: "network")
    if let made = weights.settings, made != spelling {
      throw StageError.illegalSetting("network", "must be the network that is trained: the same widths, blocks, heads, sobel, mean and std")
    }
    if let kept = weights.epochs, let missing = run[snapshots].first(where: { !kept.contains($0) }) {
      let list = kept.map(String.init).joined(separator: ", ")
      throw StageError.illegalSetting("snapshots", "must be epochs whose weights are kept, \(list), not \(missing)")
    }
    let epochs = weights.epochs.map { embedded(run.settings, kept: $0) }
    run.promise(FileFacts(images: images.images, epochs: epochs), of: "features")
    run.promise(FileFacts(images: images.images, epochs: epochs, heads: run[network.heads]), of: "assignments")
  })

/// The epochs asked for and the last one kept, which is scored.
@Sendable func embedded(_ settings: SettingValues, kept: [Int]) -> [Int] { Set(settings[snapshots] + kept.suffix(1)).sorted() }

StageProgram.run(description) { job in
  Memory.keepFreedPages()
  let images = try ImagesFile.read(job.input("images"))
  guard images.count > 0 else {
    throw HDF5Error.unexpected(dataset: "/images", path: job.input("images"), expected: "at least one image", found: "none")
  }
  let (model, input) = try network.make(job.settings, channels: images.channels, size: job[size], seed: 0)
  let epochs = embedded(job.settings, kept: try WeightsFile.epochs(job.input("weights")))
  var features: [(epoch: Int, features: Tensor)] = []
  var assignments: [Assignments] = []
  for (done, epoch) in epochs.enumerated() {
    if let missing = model.load(try WeightsFile.read(job.input("weights"), epoch: epoch)) {
      throw HDF5Error.unexpected(
        dataset: missing, path: job.input("weights"), expected: "a parameter of the network that the settings describe",
        found: "none, or another shape")
    }
    var values: [Float] = []
    var probabilities = job[network.heads].map { _ in [Float]() }
    for start in stride(from: 0, to: images.count, by: job[batch]) {
      let numbers = Array(start..<min(start + job[batch], images.count))
      let views = try Views.evaluation(images, numbers: numbers, resize: job[resize], size: job[size], team: job.team)
      let tape = Tape(team: job.team, training: false)
      let h = model.features(input.prepare(views, team: job.team), batches: [numbers.count], on: tape)
      values += h.value.scalars
      for head in probabilities.indices { probabilities[head] += model.probabilities(h, head: head, on: tape).value.scalars }
    }
    guard values.allSatisfy(\.isFinite) else { throw EmbeddingError.notFinite(epoch: epoch, path: job.input("weights")) }
    let tensors = zip(probabilities, job[network.heads]).map { Tensor(shape: [images.count, $1], $0) }
    features.append((epoch, Tensor(shape: [images.count, values.count / images.count], values)))
    assignments.append(Assignments(epoch: epoch, clusters: Assignment.clusters(tensors[tensors.count - 1]), probabilities: tensors))
    job.progress(done: done + 1, total: epochs.count, unit: "snapshot")
  }
  try FeaturesFile.write(features, to: job.output("features"))
  try AssignmentsFile.write(assignments, to: job.output("assignments"))
}
