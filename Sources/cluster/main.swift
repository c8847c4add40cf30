import Artifacts
import Clustering
import StageKit
import Tensors

let method = Setting<String>("method", choices: ClusteringMethods.all.map { $0.name }, "the clustering method")
let clusters = Setting<Int>("clusters", 1...100_000, "K")
let seed = Setting<Int>("seed", 0...Int(Int32.max), "seed of what is drawn at random")

let description = StageDescription(
  name: "cluster", version: 2, summary: "Clusters images by their pixels, values 0 to 1, or by the features of a network.",
  inputs: [Port("images", "images.h5"), Port("features", "features.h5, of which the last epoch counts", optional: true)],
  outputs: [Port("assignments", "assignments.h5, epoch 0", datasets: ["/epoch_*/assignments"])],
  settings: [AnySetting(method), AnySetting(clusters), AnySetting(seed)], variants: (by: "method", MethodSettings.variants),
  usesBLAS: true, usesARPACK: true,
  check: { run in
    let images = run.input("images")
    if let count = images.clustered { try checkClusters(run.settings, images: count) }
    if let images = images.images, let rows = run.input("features").images, rows != images {
      throw ClusterInputError.rows(rows, images: images, path: "the input features")
    }
    run.promise(FileFacts(images: images.images, epochs: [0], heads: []), of: "assignments")
    run.work = clusteringWork(run.settings, images)
  })

/// What clustering takes, as far as the images are known: rows of as many numbers as the images of most data sets have, which say more than nothing.
@Sendable func clusteringWork(_ settings: SettingValues, _ images: FileFacts) -> Work? {
  guard let count = images.clustered ?? images.images, let channels = images.channels else { return nil }
  let (rows, columns) = (Double(count), 1024 * Double(channels))
  let least = MethodSettings.make(settings).leastBytes(rows: count, columns: 1024 * channels)
  return Work(
    operations: MethodSettings.operations(settings, rows: rows, columns: columns),
    memory: 4 * rows * columns + max(4 * rows * columns, Double(least)), outputs: 4 * rows)
}

@Sendable func checkClusters(_ settings: SettingValues, images: Int) throws(StageError) {
  guard images >= settings[clusters] else {
    throw .illegalSetting("clusters", "must be at most the number of images to cluster, \(images), not \(settings[clusters])")
  }
}

StageProgram.run(description) { job in
  let input = try ClusterInput(job)
  let clustering = MethodSettings.make(job.settings)
  let (count, columns) = (input.rows.shape[0], input.rows.shape[1])
  try job.requireMemory(clustering.leastBytes(rows: count, columns: columns), lower: MethodSettings.ofMemory(job.settings, rows: count))
  let found: Clusters
  do {
    found = try clustering.cluster(input.rows, seed: UInt64(job[seed]), team: job.team) { progress in
      job.progress(done: progress.done, total: progress.total, unit: progress.unit, detail: progress.detail)
    }
  } catch let error as ClusteringError {
    throw ClusterInputError(error, method: job[method])
  }
  let distinct = Set(found.assignments).count
  if distinct < job[clusters] {
    job.warn(
      "\(distinct) of the \(job[clusters]) clusters have images, the others none: fewer images differ than there are clusters; are many of "
        + "them copies? otherwise lower clusters")
  }
  let all = found.assignments + [Int32](repeating: -1, count: input.leftOut)
  try AssignmentsFile.write(
    [Assignments(epoch: 0, clusters: all, probabilities: [])], remarks: found.remarks, to: job.output("assignments"))
}
