import Artifacts
import Datasets
import Glibc
import StageKit

let dataset = Setting<String>("dataset", choices: Catalogue.names, "the data set")
let subset = Setting<Int>("subset", 0...1_000_000, "images to keep, chosen at random without looking at labels; 0 keeps all")
let subsetSeed = Setting<Int>("subsetSeed", 0...Int(Int32.max), "seed of that choice")
let verify = Setting<Bool>("verify", "whether the original files must have the official checksums")

let description = StageDescription(
  name: "ingest", version: 1, summary: "Reads a data set's original files into images.h5 and, apart from it, labels.h5.", inputs: [],
  outputs: [Port("images", "images.h5"), Port("labels", "labels.h5")],
  settings: [AnySetting(dataset), AnySetting(subset), AnySetting(subsetSeed), AnySetting(verify)], usesBLAS: false)

StageProgram.run(description) { job in
  let folder = getenv("CCR_DATA").map { String(cString: $0) } ?? "data"
  let all = try Catalogue.read(job[dataset], folder: folder, verify: job[verify])
  let (images, labels) = try Catalogue.subset(all.0, all.1, size: job[subset], seed: UInt64(job[subsetSeed]))
  try ImagesFile.write(images, to: job.output("images"))
  try LabelsFile.write(labels, to: job.output("labels"))
}
