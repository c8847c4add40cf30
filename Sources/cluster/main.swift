import Artifacts
import Clustering
import StageKit
import Tensors

let method = Setting<String>("method", choices: ClusteringMethod.allCases.map(\.rawValue), "the clustering method")
let clusters = Setting<Int>("clusters", 1...100_000, "K")
let restarts = Setting<Int>("restarts", 1...1000, "restarts, of which the best counts")
let iterations = Setting<Int>("iterations", 1...100_000, "most iterations of a restart")
let tolerance = Setting<Double>("tolerance", 0...1, "shift of the centres at which a restart ends, relative to the mean variance")
let seed = Setting<Int>("seed", 0...Int(Int32.max), "seed of the restarts")

let description = StageDescription(
  name: "cluster", version: 2, summary: "Clusters images by their pixels, values 0 to 1.", inputs: [Port("images", "images.h5")],
  outputs: [Port("assignments", "assignments.h5, epoch 0", datasets: ["/epoch_*/assignments"])],
  settings: [
    AnySetting(method), AnySetting(clusters), AnySetting(restarts), AnySetting(iterations), AnySetting(tolerance), AnySetting(seed),
  ],
  usesBLAS: false)

StageProgram.run(description) { job in
  let images = try ImagesFile.read(job.input("images"))
  // STL-10's unlabelled part is there for networks with over-clustering heads alone.
  guard images.scored >= job[clusters], let method = ClusteringMethod(rawValue: job[method]) else {
    throw StageError.illegalSetting("clusters", "must be at most the number of images to cluster, \(images.scored), not \(job[clusters])")
  }
  let values = try images.read(0..<images.scored) { $0[..<(images.scored * images.imageBytes)].map { Float($0) / 255 } }
  let pixels = Tensor(shape: [images.scored, images.imageBytes], values)
  let settings = ClusteringSettings(
    clusters: job[clusters], restarts: job[restarts], iterations: job[iterations], tolerance: job[tolerance])
  let assignments = try method.cluster(pixels, settings, seed: UInt64(job[seed]), team: job.team) { progress in
    if job.interrupted { throw StageInterrupted(saved: false) }
    job.progress(done: progress.done, total: progress.total, unit: progress.unit, detail: progress.detail)
  }
  let leftOut = [Int32](repeating: -1, count: images.count - images.scored)
  try AssignmentsFile.write([Assignments(epoch: 0, clusters: assignments + leftOut, probabilities: [])], to: job.output("assignments"))
}
