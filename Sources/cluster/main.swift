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
  usesBLAS: false,
  check: { run in
    let images = run.input("images")
    if let count = images.clustered { try checkClusters(run.settings, images: count) }
    run.promise(FileFacts(images: images.images, epochs: [0], heads: []), of: "assignments")
  })

@Sendable func checkClusters(_ settings: SettingValues, images: Int) throws(StageError) {
  guard images >= settings[clusters] else {
    throw .illegalSetting("clusters", "must be at most the number of images to cluster, \(images), not \(settings[clusters])")
  }
}

StageProgram.run(description) { job in
  let (pixels, leftOut) = try pixels(job)
  guard let method = ClusteringMethod(rawValue: job[method]) else { preconditionFailure("a choice of the schema") }
  let settings = ClusteringSettings(
    clusters: job[clusters], restarts: job[restarts], iterations: job[iterations], tolerance: job[tolerance])
  let assignments = try method.cluster(pixels, settings, seed: UInt64(job[seed]), team: job.team) { progress in
    job.progress(done: progress.done, total: progress.total, unit: progress.unit, detail: progress.detail)
  }
  let distinct = Set(assignments).count
  if distinct < job[clusters] {
    job.warn(
      "\(distinct) of the \(job[clusters]) clusters have images, the others none: fewer images differ than there are clusters; are many of "
        + "them copies? otherwise lower clusters")
  }
  let all = assignments + [Int32](repeating: -1, count: leftOut)
  try AssignmentsFile.write([Assignments(epoch: 0, clusters: all, probabilities: [])], to: job.output("assignments"))
}

/// The pixels of the images to cluster, values 0 to 1 [n, D], converted piece by piece so that they are in memory once, and how many images
/// behind them are not to be clustered: STL-10's unlabelled part is there for networks with over-clustering heads alone.
func pixels(_ job: StageJob) throws -> (Tensor, leftOut: Int) {
  let images = try ImagesFile.read(job.input("images"))
  try checkClusters(job.settings, images: images.scored)
  var result = Tensor(uninitialized: [images.scored, images.imageBytes])
  let values = (0...255).map { Float($0) / 255 }
  try result.withUnsafeMutableBufferPointer { result in
    for first in stride(from: 0, to: images.scored, by: 1000) {
      let numbers = first..<min(first + 1000, images.scored)
      try images.read(numbers) { bytes in
        for place in first * images.imageBytes..<numbers.upperBound * images.imageBytes { result[place] = values[Int(bytes[place])] }
      }
    }
  }
  return (result, images.count - images.scored)
}
