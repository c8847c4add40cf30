import Artifacts
import Clustering
import Figures
import StageKit
import Tensors

let title = Setting<String>("title", "data set and method, for the picture")
let epoch = Setting<Int>("epoch", 0...100_000, "epoch of the points")
let firstPoint = Setting<Int>("firstPoint", 0...10_000_000, "row of the first point, for example of the first test image")
let points = Setting<Int>("points", 10...10_000_000, "most points; consecutive rows are taken")
let perplexity = Setting<Double>("perplexity", 2...1000, "effective number of neighbours")
let iterations = Setting<Int>("iterations", 1...100_000, "iterations in all")
let exaggeration = Setting<Double>("exaggeration", 1...100, "factor on attraction in the beginning")
let exaggerationIterations = Setting<Int>("exaggerationIterations", 0...100_000, "iterations with that factor")
let pictureSize = Setting<Int>("pictureSize", 200...10_000, "width of the picture, pixels")

let description = StageDescription(
  name: "tsne", version: 1, summary: "Maps features or assignment probabilities to the plane by t-SNE, and draws the map.",
  inputs: [
    Port("points", "features.h5 or assignments.h5"), Port("labels", "labels.h5, for the colours"),
    Port("assignments", "assignments.h5, for the colours where no image has a label", optional: true),
  ],
  outputs: [
    Port("embedding", "tsne.h5", datasets: ["/embedding", "/index"]), Port("picture", "tsne.png"),
    Port("svg", "the picture as SVG", optional: true), Port("pdf", "the picture as PDF", optional: true),
  ],
  settings: [
    AnySetting(title), AnySetting(epoch), AnySetting(firstPoint), AnySetting(points), AnySetting(perplexity), AnySetting(iterations),
    AnySetting(exaggeration),
    AnySetting(exaggerationIterations), AnySetting(pictureSize),
  ], usesBLAS: true,
  check: { run in
    let (input, labels) = (run.input("points"), run.input("labels"))
    if let known = input.epochs, !known.contains(run[epoch]) {
      throw StageError.illegalSetting(
        "epoch",
        "must be one that is kept, \(known.map(String.init).joined(separator: ", ")), not \(run[epoch]): add it to the snapshots")
    }
    if input.heads == [] { throw MapError.noProbabilities(path: "the input") }
    if let rows = input.images, run[firstPoint] >= rows {
      throw StageError.illegalSetting("firstPoint", "must be below the number of images, \(rows), not \(run[firstPoint])")
    }
    if let points = input.images, let labels = labels.images, points != labels { throw MapError.labels(labels, points: points) }
    let count = min(run[points], input.images.map { $0 - run[firstPoint] } ?? run[points])
    guard Double(count) > 3 * run[perplexity] else {
      throw StageError.illegalSetting(
        "perplexity", "must be below a third of the \(count) points, not \(JSONValue.number(run[perplexity]).canonical)")
    }
    if run[exaggerationIterations] >= run[iterations], run[exaggeration] > 1 {
      run.warn("all \(run[iterations]) iterations are exaggerated: exaggerationIterations is \(run[exaggerationIterations])")
    }
  })

StageProgram.run(description) { job in
  let input = try MapInput(job.input("points"), epoch: job[epoch], first: job[firstPoint], limit: job[points])
  let labels = try LabelsFile.read(job.input("labels"))
  let count = input.points.shape[0]
  guard labels.values.count == input.rowsInFile else { throw MapError.labels(labels.values.count, points: input.rowsInFile) }
  let clusters = try job.optionalInput("assignments").map { try input.clusters($0, epoch: job[epoch]) } ?? []
  guard Double(count) > 3 * job[perplexity] else { throw MapError.tooFewPoints(count, perplexity: job[perplexity]) }

  let total = job[iterations]
  let (map, divergence) = TSNE(
    perplexity: job[perplexity], iterations: total, exaggeration: job[exaggeration], exaggerationIterations: job[exaggerationIterations]
  ).embed(input.points, team: job.team) { if $0 % 50 == 0 { job.progress(done: $0, total: total, unit: "iteration") } }
  try EmbeddingFile.write(
    Embedding(
      points: map, index: input.rows.map { Int32($0) }, clusters: clusters, klDivergence: divergence, epoch: job[epoch],
      source: input.source),
    to: job.output("embedding"))

  let colours = try PointColours(labels, rows: Array(input.rows), clusters: clusters, epoch: job[epoch])
  for warning in colours.names.warnings { job.warn(warning) }
  let heading =
    "\(job[title]), \(job[epoch] == 0 ? "before training" : "epoch \(job[epoch])")\(colours.isByCluster ? ", coloured by cluster" : "")"
  let plot = ScatterPlot(
    title: heading,
    subtitle: "t-SNE of \(input.source == "features" ? "features" : "assignment probabilities") · \(count) images · perplexity "
      + "\(job[perplexity].formatted) · KL divergence \(divergence.formatted) · \(colours.explanation)",
    classNames: colours.names, cloud: PointCloud(points: map, labels: input.rows.map(colours.number))
  )
  try plot.draw(width: job[pictureSize]).write(to: job.output("picture"))
  if let path = job.optionalOutput("svg") { try AtomicFile.write(plot.svg(saying: "\(heading): a t-SNE map of \(count) images"), to: path) }
  if let path = job.optionalOutput("pdf") { try AtomicFile.write(plot.pdf(), to: path) }
}

extension Double {
  /// At most three digits behind the point.
  fileprivate var formatted: String { isFinite ? JSONValue.number((self * 1000).rounded() / 1000).canonical : "\(self)" }
}
