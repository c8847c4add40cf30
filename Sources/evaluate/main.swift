import Artifacts
import Clustering
import StageKit

let caseCount = Setting<Int>("cases", 0...100, "most confident and random images of each kind shown for each cluster")
let seed = Setting<Int>("seed", 0...Int(Int32.max), "seed of the random cases")

let description = StageDescription(
  name: "evaluate", version: 1, summary: "Scores assignments against labels: ACC, NMI, ARI, confusion, variances, cases.",
  inputs: [Port("assignments", "assignments.h5"), Port("labels", "labels.h5")], outputs: [Port("scores", "scores.json")],
  settings: [AnySetting(caseCount), AnySetting(seed)], usesBLAS: false)

StageProgram.run(description) { job in
  let labels = try LabelsFile.read(job.input("labels"))
  let path = job.input("assignments")
  let all = try AssignmentsFile.epochs(path).map { try AssignmentsFile.read(path, epoch: $0) }
  if let wrong = all.first(where: { $0.clusters.count != labels.values.count }) {
    throw EvaluationError.sizes(assignments: wrong.clusters.count, labels: labels.values.count)
  }
  let labelled = labels.values.indices.filter { labels.values[$0] >= 0 }
  guard !labelled.isEmpty, let last = all.last else { throw EvaluationError.unlabelled }
  let classes = labelled.map { Int(labels.values[$0]) }
  let scored = all.map { ($0.epoch, ClusteringScores(clusters: $0.clusters.onRows(labelled), classes: classes)) }
  let metrics = scored.map { epoch, scores in
    Scores.Metrics(epoch: epoch, accuracy: scores.accuracy, nmi: scores.nmiGeometric, nmiArithmetic: scores.nmiArithmetic, ari: scores.ari)
  }
  let final = scored[scored.count - 1].1
  let details = ClusterDetails(
    last, labels: labels, labelled: labelled, classOfCluster: final.classOfCluster, cases: job[caseCount], seed: UInt64(job[seed]))
  let clusterCount = (last.probabilities.last?.shape[1]) ?? Int(last.clusters.max() ?? 0) + 1
  try Scores(
    last: metrics[metrics.count - 1], best: metrics.max { $0.accuracy < $1.accuracy } ?? metrics[0], epochs: metrics,
    images: labelled.count,
    classNames: labels.classNames, confusion: final.contingency.prefix(clusterCount).map { Array($0.prefix(labels.classNames.count)) },
    clusterClasses: final.classOfCluster.prefix(clusterCount).map { $0 < labels.classNames.count ? $0 : -1 },
    varianceByClass: details.varianceByClass, varianceByCluster: details.varianceByCluster, cases: details.cases
  ).write(to: job.output("scores"))
}
