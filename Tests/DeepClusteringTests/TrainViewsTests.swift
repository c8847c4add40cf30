import Artifacts
import Foundation
import Testing

extension TrainProgramTests {
  @Test(
    "with the first passes' views from augment: the same bytes; with views of another seed, augmentation or set of images: said, and the same bytes"
  )
  func materialisedViews() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    func augment(to name: String, images: String = "images.h5", settings: [String]) throws -> Int32 {
      try start(
        "augment",
        ["--input", "images=\(folder)/\(images)", "--output", "views=\(folder)/\(name)", "--output", "sheet=\(folder)/sheet.png"],
        settings: Self.augmentation + ["seed=3", "passes=2", "repeats=2", "sheetImages=2"] + settings
      ).end().code
    }
    #expect(try augment(to: "views.h5", settings: []) == 0)
    #expect(try ViewsFile.read("\(folder)/views.h5", pass: 1) != nil && ViewsFile.read("\(folder)/views.h5", pass: 2) == nil)
    #expect(try train(to: "computed", checkpoints: false).end().code == 0)
    let (code, words) = try train(to: "read", checkpoints: false, threads: 2, views: "views.h5").end()
    #expect(code == 0 && !words.contains("warning"), "\(words)")
    #expect(try digests("read") == digests("computed"))
    // The same pictures in another order have the same sizes.
    let images = try ImagesFile.read("\(folder)/images.h5")
    let pixels: [UInt8] = try images.read(0..<120) { Array($0) }
    try ImagesFile.write(
      ImageSet(
        name: "turned", height: 16, width: 16, channels: 1, pixels: pixels.reversed(), index: (0..<120).map(Int32.init), verified: false),
      to: "\(folder)/turned.h5")
    for (name, images, settings, complaint) in [
      ("small.h5", "images.h5", ["augmentation.size=12"], ""),
      ("seed.h5", "images.h5", ["seed=4"], ""),
      ("flipped.h5", "images.h5", ["augmentation.flipProbability=0.4"], ""),
      ("copies.h5", "images.h5", ["repeats=3"], ""), ("turned-views.h5", "turned.h5", [], "pass 0 in"),
    ] {
      #expect(try augment(to: name, images: images, settings: settings) == 0)
      let (code, words) = try train(to: "other", checkpoints: false, views: name).end()
      // Views for others are no matter; views that claim to be ours and are not, are.
      let isSaid = words.contains("warning") && words.contains(complaint) && words.contains(name)
      #expect(code == 0 && (complaint.isEmpty ? !words.contains("warning") : isSaid), "\(words)")
      #expect(try digests("other") == digests("computed"), "\(name)")
    }
    // No passes: a file that only says what it would have been made with.
    #expect(try augment(to: "none.h5", settings: ["passes=0"]) == 0)
    #expect(try train(to: "other", checkpoints: false, views: "none.h5").end().code == 0)
    #expect(try digests("other") == digests("computed"))
  }
}
