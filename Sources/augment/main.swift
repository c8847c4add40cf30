import Artifacts
import Datasets
import StageKit

let augmentation = AugmentationSettings()
let seed = Setting<Int>("seed", 0...Int(Int32.max), "seed of the views")
let passes = Setting<Int>("passes", 0...1000, "passes over the data to materialise, as far as \(ViewsFile.mostBytes >> 30) GiB hold them")
let repeats = Setting<Int>("repeats", 1...100, "augmented copies of each image")
let sheetImages = Setting<Int>("sheetImages", 1...100, "images on the contact sheet")

let description = StageDescription(
  name: "augment", version: 1, summary: "Materialises the views of the first passes, and a contact sheet to look at.",
  inputs: [Port("images", "images.h5")],
  outputs: [
    Port("views", "views.h5", datasets: ["/passes"]),
    Port("sheet", "contact sheet, PNG: a row for each image; its original view, then augmented ones"),
  ],
  settings: augmentation.all + [AnySetting(seed), AnySetting(passes), AnySetting(repeats), AnySetting(sheetImages)], usesBLAS: false,
  check: { run in
    _ = try augmentation.augmentation(run.settings)
    let images = run.input("images")
    if let count = images.images, let channels = images.channels {
      let asked = ViewsFile.Layout(
        passes: run[passes], images: count, repeats: run[repeats], size: run[augmentation.size], channels: channels)
      if let words = tooLarge(asked) { run.warn(words) }
      let bytes = Double(asked.limited().passes) * Double(asked.bytesPerPass)
      // A pixel of a view takes some thousand operations: it is resampled, and its colours change five times.
      run.work = Work(operations: 1500 * bytes, memory: Double(3 * count * channels * 1024 + asked.bytesPerBlock), outputs: bytes)
    }
    run.promise(
      FileFacts(
        images: images.images, channels: images.channels, size: run[augmentation.size], copies: run[repeats],
        settings: augmentation.spelling(run.settings, seed: run[seed])), of: "views")
  })

/// What a person should know of passes that are not stored, nil where all are.
@Sendable func tooLarge(_ asked: ViewsFile.Layout) -> String? {
  let stored = asked.limited().passes
  guard stored < asked.passes else { return nil }
  let size = Double(asked.bytesPerPass) / Double(1 << 30)
  return "\(stored == 0 ? "no pass is" : "\(stored) of \(asked.passes) passes are") stored: "
    + "each takes \((size * 10).rounded() / 10) GiB, of at most \(ViewsFile.mostBytes >> 30) GiB in a file; train computes the others alike"
}

StageProgram.run(description) { job in
  let images = try ImagesFile.read(job.input("images"))
  let views = try augmentation.augmentation(job.settings)
  let viewSeed = UInt64(job[seed])
  let asked = ViewsFile.Layout(
    passes: job[passes], images: images.count, repeats: job[repeats], size: views.size, channels: images.channels)
  let layout = asked.limited()
  if let words = tooLarge(asked) { job.warn(words) }
  @Sendable func make(_ pass: Int, _ numbers: [Int], copies: Int) throws -> (originals: [UInt8], augmented: [UInt8]) {
    (
      try Views.originals(images, numbers: numbers, pass: pass, seed: viewSeed, augmentation: views, team: job.team),
      try Views.augmented(images, numbers: numbers, pass: pass, seed: viewSeed, repeats: copies, augmentation: views, team: job.team)
    )
  }
  let madeWith = augmentation.spelling(job.settings, seed: job[seed])
  try ViewsFile.write(layout, madeWith: madeWith, to: job.output("views")) { pass, block in
    defer { job.progress(done: pass * images.count + block.upperBound, total: layout.passes * images.count, unit: "image") }
    return try make(pass, Array(block), copies: layout.repeats)
  }
  // Of passes that are not stored, too: what train will see.
  let all = (passes: max(1, asked.passes), images: min(job[sheetImages], images.count), copies: asked.repeats)
  let shown = ContactSheet.fitting(passes: all.passes, images: all.images, copies: all.copies, size: views.size)
  if shown != all {
    job.warn(
      "the contact sheet has room for \(shown.passes) of \(all.passes) passes, \(shown.images) of \(all.images) images and "
        + "\(shown.copies) of \(all.copies) augmented copies")
  }
  let numbers = Array(0..<shown.images)
  try ContactSheet.write(
    try (0..<shown.passes).map { try make($0, numbers, copies: shown.copies) }, images: shown.images, size: views.size,
    channels: images.channels, to: job.output("sheet"))
}
