import Artifacts
import StageKit

let caseCount = Setting<Int>("cases", 0...100, "most confident and random images of each kind shown for each cluster")
let seed = Setting<Int>("seed", 0...Int(Int32.max), "seed of the random cases")

let description = StageDescription(
  name: "evaluate", version: 1, summary: "Scores assignments against labels: ACC, NMI, ARI, confusion, variances, cases.",
  inputs: [Port("assignments", "assignments.h5"), Port("labels", "labels.h5")], outputs: [Port("scores", "scores.json")],
  settings: [AnySetting(caseCount), AnySetting(seed)], usesBLAS: false,
  check: { run in
    if let assignments = run.input("assignments").images, let labels = run.input("labels").images, assignments != labels {
      throw EvaluationError.sizes(assignments: assignments, labels: labels)
    }
  })

StageProgram.run(description) { job in
  let evaluation = try Evaluation(assignments: job.input("assignments"), labels: LabelsFile.read(job.input("labels")))
  let scores = evaluation.scores(cases: job[caseCount], seed: UInt64(job[seed]))
  if scores.images == 0 { job.warn("no image has a label: the clusters are shown, but cannot be scored") }
  try scores.write(to: job.output("scores"))
}
