import Artifacts
import Datasets
import StageKit

let augmentation = AugmentationSettings()
let seed = Setting<Int>("seed", 0...Int(Int32.max), "seed of the views")
let passes = Setting<Int>("passes", 1...1000, "passes over the data to materialise")
let repeats = Setting<Int>("repeats", 1...100, "augmented copies of each image")
let sheetImages = Setting<Int>("sheetImages", 1...100, "images on the contact sheet")

let description = StageDescription(
  name: "augment", version: 1, summary: "Materialises the views of the first passes, and a contact sheet to look at.",
  inputs: [Port("images", "images.h5")],
  outputs: [
    Port("views", "views.h5", datasets: ["/pass_*/originals", "/pass_*/augmented"]),
    Port("sheet", "contact sheet, PNG: a row for each image; its original view, then augmented ones"),
  ],
  settings: augmentation.all + [AnySetting(seed), AnySetting(passes), AnySetting(repeats), AnySetting(sheetImages)], usesBLAS: false,
  check: { run in
    _ = try augmentation.augmentation(run.settings)
    let images = run.input("images")
    run.promise(
      FileFacts(
        images: images.images, channels: images.channels, size: run[augmentation.size], copies: run[repeats],
        settings: augmentation.spelling(run.settings, seed: run[seed])), of: "views")
  })

StageProgram.run(description) { job in
  let images = try ImagesFile.read(job.input("images"))
  let views = try augmentation.augmentation(job.settings)
  let seed = UInt64(job[seed])
  let layout = ViewsFile.Layout(
    passes: job[passes], images: images.count, repeats: job[repeats], size: views.size, channels: images.channels)
  try ViewsFile.write(layout, to: job.output("views")) { pass, block in
    let numbers = Array(block)
    defer { job.progress(done: pass * images.count + block.upperBound, total: layout.passes * images.count, unit: "image") }
    return (
      try Views.originals(images, numbers: numbers, pass: pass, seed: seed, augmentation: views, team: job.team),
      try Views.augmented(images, numbers: numbers, pass: pass, seed: seed, repeats: layout.repeats, augmentation: views, team: job.team)
    )
  }
  let passes = try (0..<layout.passes).compactMap { try ViewsFile.read(job.output("views"), pass: $0) }
  try ContactSheet.write(passes, images: min(job[sheetImages], images.count), to: job.output("sheet"))
}
