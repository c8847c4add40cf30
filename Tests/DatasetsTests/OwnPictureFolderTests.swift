import Artifacts
import Datasets
import Foundation
import Glibc
import Testing

/// What becomes of the files of a folder of pictures: each is an image, or is named with the reason why it is none.
struct OwnPictureFolderTests {
  private let folder: TemporaryFolder
  private let square: [UInt8]

  init() throws {
    folder = try TemporaryFolder()
    try png(folder, "square.png", width: 4, height: 4, [9, 99, 199])
    square = try AtomicFile.read("\(folder.path)/square.png")
  }

  private func ingested() throws -> Ingested { try Ingested(ImageFolder(name: "x", size: 4, channels: 3), from: folder) }

  private func strings(_ dataset: String) throws -> [String] { try HDF5Reader("\(folder.path)/labels.h5").strings(dataset) }

  /// Writes to a name that need not be UTF-8.
  private func write(_ bytes: [UInt8], toBytes name: [UInt8]) throws {
    let path = Array("\(folder.path)/x/".utf8) + name
    let file = try #require(fopen(path.map { CChar(bitPattern: $0) } + [0], "w"))
    fwrite(bytes, 1, bytes.count, file)
    fclose(file)
  }

  @Test func otherFormatsAreNamedWithTheCommandThatConvertsThem() throws {
    try folder.write(square, to: "x/a/1.png")
    let bitmap: [UInt8] = [0x42, 0x4D] + [UInt8](repeating: 0, count: 12) + [40, 0, 0, 0]
    let others: [(name: String, bytes: [UInt8])] = [
      ("a/1.gif", Array("GIF89a".utf8)), ("a/2.GIF", Array("GIF87a".utf8)), ("a/3.bmp", bitmap), ("a/4.tiff", [0x49, 0x49, 42, 0]),
      ("a/5.heic", [0, 0, 0, 24] + Array("ftypheic".utf8)), ("a/6.avif", [0, 0, 0, 24] + Array("ftypavif".utf8)),
      ("a/7.jxl", [0xFF, 0x0A]), ("a/8.jp2", [0, 0, 0, 12] + Array("jP  \r\n".utf8)), ("a/9.nef", [0x4D, 0x4D, 0, 42]),
      ("a/it's.jpg", Array("GIF89a".utf8)), ("a/notes.txt", Array("BMW".utf8)), ("a/x.svg", Array("<?xml".utf8)),
    ]
    for other in others { try folder.write(other.bytes, to: "x/\(other.name)") }
    let found = try ingested()
    #expect(found.images.count == 1)
    #expect(try strings("/left_out_names") == others.map(\.name))
    let reasons = ["GIF", "GIF", "BMP", "TIFF", "HEIC", "AVIF", "JPEG XL", "JPEG 2000", "raw photograph", "GIF"].map { "\($0) is not read" }
    #expect(try strings("/left_out_reasons") == reasons + ["no picture", "SVG is not read"])
    let place = "\(folder.path)/x"
    #expect(found.warnings.count == 10)
    #expect(
      found.warnings[0]
        == "3 files left out of \(place), GIF is not read: a/1.gif, a/2.GIF, a/it's.jpg; to make PNGs of them (Debian: imagemagick): "
        + "cd \(place) && for f in */*.gif */*.GIF 'a/it'\\''s.jpg'; do convert \"$f[0]\" \"$f.png\"; done")
    #expect(found.warnings.contains { $0.hasSuffix("for f in */*.heic; do heif-convert \"$f\" \"$f.png\"; done") })
    #expect(found.warnings.contains("1 file left out of \(place), no picture: a/notes.txt"))
  }

  /// The name may say anything: a JPEG called .png, and one called nothing.
  @Test func contentDecidesWhatAFileIs() throws {
    try folder.write(JPEGs.colour, to: "x/1.png")
    try folder.write(square, to: "x/2.gif")
    try folder.write(square, to: "x/3")
    let found = try ingested()
    #expect(found.images.count == 3 && found.warnings.isEmpty)
    let isEqual = try found.image(1) == found.image(2)
    #expect(isEqual)
  }

  @Test func namesThatAreNotUTF8AreReadAndRendered() throws {
    try folder.write(square, to: "x/a/ok.png")
    let class2 = Array("caf".utf8) + [0xE9]
    #expect(mkdir((Array("\(folder.path)/x/".utf8) + class2).map { CChar(bitPattern: $0) } + [0], 0o755) == 0)
    try write(square, toBytes: Array("a/".utf8) + class2 + Array(".png".utf8))
    try write(square, toBytes: class2 + Array("/x.png".utf8))
    try write(square, toBytes: Array("a/\\xe9\nü.png".utf8))
    let found = try ingested()
    #expect(found.labels == Labels(values: [0, 0, 0, 1], classNames: ["a", "caf\\xe9"]) && found.warnings.isEmpty)
    let names = found.files
    #expect(names == ["a/\\x5cxe9\\x0aü.png", "a/caf\\xe9.png", "a/ok.png", "caf\\xe9/x.png"])
    for number in 0..<4 { #expect(try found.image(number).starts(with: [9, 99, 199])) }
    // The runner cannot open such a path by its text, so that the stage gives the digest.
    let files = try Ingestion(ImageFolder(name: "x", size: 4, channels: 3), verify: false, data: folder.path).originals()
    #expect(files.map(\.name) == names)
    #expect(files.map(\.digest) == [nil, ContentDigest.of(square), nil, ContentDigest.of(square)])
  }

  @Test func everythingElseInTheFolderIsNamed() throws {
    try folder.write(square, to: "x/a/1.png")
    for name in ["loose.png", ".hidden/2.png", "a/.3.png", "a/.DS_Store", "a/deep/er/4.png", "empty/readme", "a/5.jpg"] {
      try folder.write(name == "a/5.jpg" ? JPEGs.colour : square, to: "x/\(name)")
    }
    try folder.write([1], to: "x/empty/readme")
    // Only classes must differ in more than capitals.
    try folder.write([1], to: "x/A/readme")
    func link(_ name: String, to target: String) throws {
      try FileManager.default.createSymbolicLink(atPath: "\(folder.path)/x/\(name)", withDestinationPath: target)
    }
    try link("a/6.png", to: "1.png")
    try link("a/7.png", to: "nowhere.png")
    try link("a/circle", to: "..")
    try link("b", to: "a/deep/er")
    #expect(mkfifo("\(folder.path)/x/a/8.png", 0o644) == 0)
    let found = try ingested()
    #expect(found.labels == Labels(values: [0, 0, 0, 1], classNames: ["a", "b"]))
    #expect(found.files == ["a/1.png", "a/5.jpg", "a/6.png", "b/4.png"])
    let left = try zip(strings("/left_out_names"), strings("/left_out_reasons")).map { "\($0): \($1)" }
    #expect(
      left == [
        ".hidden/: hidden: the name begins with a dot", "A/: a folder without pictures is no class", "A/readme: no picture",
        "a/.3.png: hidden: the name begins with a dot",
        "a/7.png: a link that leads nowhere", "a/8.png: neither a file nor a folder", "a/circle/: in a folder within the folder of a class",
        "a/deep/er/4.png: in a folder within the folder of a class", "empty/: a folder without pictures is no class",
        "empty/readme: no picture", "loose.png: beside the folders of classes, so without a class",
      ])
    #expect(found.warnings.count == Set(left.map { $0.split(separator: ": ", maxSplits: 1)[1] }).count)
  }

  /// What is left out counts by its name and the reason alone: another content makes no other result.
  @Test func theKeyKnowsWhatIsLeftOut() throws {
    try folder.write(square, to: "x/1.png")
    let original = Ingestion(ImageFolder(name: "x", size: 4, channels: 3), verify: false, data: folder.path)
    let before = try original.originals()
    try folder.write(Array("GIF89a".utf8), to: "x/2.gif")
    let with = try original.originals()
    #expect(with.first == before.first && with.map(\.name) == ["1.png", "2.gif"] && with[1].digest != nil)
    try folder.write(Array("GIF89aother".utf8), to: "x/2.gif")
    #expect(try original.originals() == with)
  }

  @Test func limitsAreSaidAsLimits() throws {
    try png(folder, "x/long.png", width: 404, height: 4, [1, 2, 3])
    let alone = #expect(throws: DatasetError.self) { try ingested() }
    #expect(
      alone?.problem.contains(
        "beyond a limit of size or shape: long.png (of its 404 × 4 pixels, one side is more than 100 times the other)")
        == true && alone?.remedy.contains("damaged") == false, "\(alone!)")
    try folder.write(square, to: "x/square.png")
    let found = try ingested()
    #expect(found.images.count == 1 && found.warnings.count == 1)
    #expect(try strings("/left_out_reasons") == ["beyond a limit of size or shape"])
  }

  @Test func transparencyIsSaid() throws {
    func transparent(_ name: String, ink: UInt8) throws {
      // Grey with opacity: ink on half of the picture.
      let (inked, clear): ([UInt8], [UInt8]) = ([0, ink, 255, ink, 255, ink, 0, ink, 0], [0, ink, 0, ink, 0, ink, 0, ink, 0])
      let rows = inked + inked + clear + clear
      try folder.write(MinimalPNG.file(width: 4, height: 4, colourType: 4, scanLines: rows), to: "x/\(name)")
    }
    try transparent("black.png", ink: 0)
    try transparent("white.png", ink: 255)
    try folder.write(square, to: "x/z.png")
    let found = try ingested()
    let isEqual = try found.image(0) == (0..<16).flatMap { [UInt8](repeating: $0 < 8 && $0 % 4 < 2 ? 0 : 255, count: 3) }
    #expect(isEqual)
    #expect(
      found.warnings == [
        "2 of 3 pictures in \(folder.path)/x have transparent places, which lie on white: black.png, white.png",
        "1 of 3 pictures in \(folder.path)/x shows nothing on white; "
          + "`convert FILE -background black -flatten FILE` lays it on black: white.png",
      ])
  }
}
