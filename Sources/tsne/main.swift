import Artifacts
import Clustering
import Figures
import StageKit
import Tensors

let epoch = Setting<Int>("epoch", 0...100_000, "epoch of the points")
let points = Setting<Int>("points", 10...10_000_000, "most points; the first ones are taken")
let perplexity = Setting<Double>("perplexity", 2...1000, "effective number of neighbours")
let iterations = Setting<Int>("iterations", 1...100_000, "iterations in all")
let exaggeration = Setting<Double>("exaggeration", 1...100, "factor on attraction in the beginning")
let exaggerationIterations = Setting<Int>("exaggerationIterations", 0...100_000, "iterations with that factor")
let pictureSize = Setting<Int>("pictureSize", 200...10_000, "width of the picture, pixels")

let description = StageDescription(
  name: "tsne", version: 1, summary: "Maps features or assignment probabilities to the plane by t-SNE, and draws the map.",
  inputs: [Port("points", "features.h5 or assignments.h5"), Port("labels", "labels.h5, for the colours")],
  outputs: [Port("embedding", "tsne.h5"), Port("picture", "tsne.png")],
  settings: [
    AnySetting(epoch), AnySetting(points), AnySetting(perplexity), AnySetting(iterations), AnySetting(exaggeration),
    AnySetting(exaggerationIterations), AnySetting(pictureSize),
  ], usesBLAS: true)

StageProgram.run(description) { job in
  let isFeatures = try HDF5Reader(job.input("points")).contains(FeaturesFile.name(job[epoch]))
  let all =
    isFeatures
    ? try FeaturesFile.read(job.input("points"), epoch: job[epoch])
    : try AssignmentsFile.read(job.input("points"), epoch: job[epoch]).probabilities.last
  guard let all else {
    throw StageError.illegalSetting("epoch", "\(job[epoch]) has neither features nor probabilities in \(job.input("points"))")
  }
  let labels = try LabelsFile.read(job.input("labels"))
  let (n, d) = (min(job[points], all.shape[0]), all.shape[1])
  guard labels.values.count == all.shape[0] else {
    throw HDF5Error.unexpected(
      dataset: "/labels", path: job.input("labels"), expected: "\(all.shape[0]) labels, one for each point", found: "\(labels.values.count)"
    )
  }
  guard Double(n) > 3 * job[perplexity] else {
    throw StageError.illegalSetting("perplexity", "must be below a third of the number of points, \(n), not \(job[perplexity])")
  }
  let chosen = Tensor(shape: [n, d], Array(all.scalars.prefix(n * d)))
  let total = job[iterations]
  let (map, divergence) = TSNE(
    perplexity: job[perplexity], iterations: total, exaggeration: job[exaggeration], exaggerationIterations: job[exaggerationIterations]
  ).embed(chosen, team: job.team) { if $0 % 50 == 0 { job.progress(done: $0, total: total, unit: "iteration") } }
  try EmbeddingFile.write(
    Embedding(
      points: map, index: (0..<Int32(n)).map { $0 }, klDivergence: divergence, epoch: job[epoch],
      source: isFeatures ? "features" : "probabilities"), to: job.output("embedding"))
  let what = isFeatures ? "features" : "assignment probabilities"
  try ScatterPlot(
    title: "t-SNE of \(what), epoch \(job[epoch])", subtitle: "\(n) images, perplexity \(Int(job[perplexity]))",
    classNames: labels.classNames,
    cloud: PointCloud(points: map, labels: Array(labels.values.prefix(n)))
  ).draw(width: job[pictureSize]).write(to: job.output("picture"))
}
