import Artifacts
import Datasets
import Glibc
import StageKit

let dataset = Setting<String>(
  "dataset", "a data set of the catalogue (\(Catalogue.names.joined(separator: ", "))), or a folder of pictures")
let subset = Setting<Int>("subset", 0...1_000_000, "images to keep, chosen at random without looking at labels; 0 keeps all")
let subsetSeed = Setting<Int>("subsetSeed", 0...Int(Int32.max), "seed of that choice")
let verify = Setting<Bool>("verify", "whether the original files must have the official checksums")
let imageSize = Setting<Int>("imageSize", 0...4096, "for a folder of pictures: the height and width they get; 0 for the catalogue")
let imageChannels = Setting<Int>("imageChannels", 1...3, "for a folder of pictures: 1 makes them grey, 3 colour")

let description = StageDescription(
  name: "ingest", version: 3,
  summary: "Reads a data set's original files, in data/ or the folder that CCR_DATA names, into images.h5 and, apart from it, labels.h5.",
  inputs: [],
  outputs: [
    Port("images", "images.h5", datasets: ["/images", "/index"]),
    Port("labels", "labels.h5, with the file names of your own pictures", datasets: ["/labels", "/class_names"]),
  ],
  settings: [
    AnySetting(dataset), AnySetting(subset), AnySetting(subsetSeed), AnySetting(verify), AnySetting(imageSize), AnySetting(imageChannels),
  ], usesBLAS: false,
  originals: Originals(pinnedBy: "verify") { job in
    try ingestion(job.settings).originals().map { Originals.File(name: $0.name, path: $0.path, digest: $0.digest) }
  },
  check: { run in
    let shape = try ingestion(run.settings).shape(originals: run.originals)
    let kept = run[subset] == 0 ? shape.images : run[subset]
    if let images = shape.images, run[subset] > images {
      throw StageError.illegalSetting("subset", "must not be \(run[subset]): there are \(images) images in \(run[dataset])")
    }
    // Of a subset of a set that is clustered in part, the number shows when it is drawn.
    let clustered = shape.scored == shape.images ? kept : run[subset] == 0 ? shape.scored : nil
    run.promise(FileFacts(images: kept, clustered: clustered, channels: shape.channels), of: "images")
    run.promise(FileFacts(images: kept), of: "labels")
  })

@Sendable func ingestion(_ settings: SettingValues) throws -> Ingestion {
  guard settings[imageChannels] != 2 else { throw StageError.illegalSetting("imageChannels", "must be 1 or 3, not 2") }
  return try Ingestion(
    dataset: settings[dataset], imageSize: settings[imageSize], imageChannels: settings[imageChannels], verify: settings[verify],
    data: getenv("CCR_DATA").map { String(cString: $0) } ?? "data")
}

StageProgram.run(description) { job in
  var told = 0
  try ingestion(job.settings).run(
    subset: job[subset], seed: UInt64(job[subsetSeed]), images: job.output("images"), labels: job.output("labels"), warn: job.warn
  ) { done, total in
    if done == total || done - told >= max(1, total / 50) {
      job.progress(done: done, total: total, unit: "image")
      told = done
    }
  }
}
