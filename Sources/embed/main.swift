import Artifacts
import Datasets
import DeepClustering
import Gradients
import StageKit
import Tensors

let network = NetworkSettings()
let resize = Setting<Int>("resize", 1...4096, "shorter side before the centre is cropped, pixels")
let size = Setting<Int>("size", 1...4096, "height and width of the views, pixels")
let snapshots = Setting<[Int]>("snapshots", 0...100_000, "epochs to embed")
let batch = Setting<Int>("batch", 1...100_000, "images at once")

let description = StageDescription(
  name: "embed", version: 1,
  summary: "Computes features and assignment probabilities of all images, batch normalisation in inference mode.",
  inputs: [Port("images", "images.h5"), Port("weights", "weights.h5")],
  outputs: [
    Port("features", "features.h5", datasets: ["/epoch_*/features"]),
    Port("assignments", "assignments.h5", datasets: ["/epoch_*/assignments"]),
  ],
  settings: network.all + [AnySetting(resize), AnySetting(size), AnySetting(snapshots), AnySetting(batch)], usesBLAS: true)

StageProgram.run(description) { job in
  Memory.keepFreedPages()
  guard job[size] <= job[resize] else {
    throw StageError.illegalSetting("size", "must be at most resize, \(job[resize]), not \(job[size])")
  }
  guard !job[snapshots].isEmpty else { throw StageError.illegalSetting("snapshots", "must name at least one epoch") }
  let images = try ImagesFile.read(job.input("images"))
  guard images.count > 0 else {
    throw HDF5Error.unexpected(dataset: "/images", path: job.input("images"), expected: "at least one image", found: "none")
  }
  let (model, input) = try network.make(job, channels: images.channels, size: job[size], seed: 0)
  var features: [(epoch: Int, features: Tensor)] = []
  var assignments: [Assignments] = []
  for (done, epoch) in job[snapshots].enumerated() {
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
    let tensors = zip(probabilities, job[network.heads]).map { Tensor(shape: [images.count, $1], $0) }
    features.append((epoch, Tensor(shape: [images.count, values.count / images.count], values)))
    assignments.append(Assignments(epoch: epoch, clusters: Assignment.clusters(tensors[tensors.count - 1]), probabilities: tensors))
    job.progress(done: done + 1, total: job[snapshots].count, unit: "snapshot")
  }
  try FeaturesFile.write(features, to: job.output("features"))
  try AssignmentsFile.write(assignments, to: job.output("assignments"))
}
