import Artifacts
import Datasets
import Foundation
import Tensors

/// A folder that goes with the test that made it.
final class TemporaryFolder {
  let path = FileManager.default.temporaryDirectory.path + "/ccr-datasets-\(UUID().uuidString)"

  init() throws { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// Every file and folder below, sorted.
  var names: [String] { (FileManager.default.enumerator(atPath: path)?.compactMap { $0 as? String } ?? []).sorted() }

  func write(_ bytes: [UInt8], to name: String) throws {
    let file = "\(path)/\(name)"
    if let slash = file.lastIndex(of: "/") {
      try FileManager.default.createDirectory(atPath: String(file[..<slash]), withIntermediateDirectories: true)
    }
    try Data(bytes).write(to: URL(fileURLWithPath: file))
  }
}

/// A data set read as `ingest` reads it.
struct Ingested {
  let images: ImageSet
  /// In the order of the original, as `image(_:)` counts and `files` are; not always that of `images`.
  let labels: Labels
  /// The names of the files of a folder of pictures.
  let files: [String]
  let warnings: [String]
  private let rows: [Int]

  init(_ original: some Original, from folder: TemporaryFolder, verify: Bool = false, subset: Int = 0) throws {
    var warnings: [String] = []
    let paths = (images: "\(folder.path)/images.h5", labels: "\(folder.path)/labels.h5")
    try Ingestion(original, verify: verify, data: folder.path)
      .run(subset: subset, seed: 3, images: paths.images, labels: paths.labels, warn: { warnings.append($0) }, tell: { _, _ in })
    images = try ImagesFile.read(paths.images)
    let index = images.index
    let rows = index.indices.sorted { index[$0] < index[$1] }
    let drawn = try LabelsFile.read(paths.labels)
    labels = Labels(values: rows.map { drawn.values[$0] }, classNames: drawn.classNames, verified: drawn.verified)
    let names = original is ImageFolder ? try HDF5Reader(paths.labels).strings("/file_names") : []
    files = names.isEmpty ? [] : rows.map { names[$0] }
    self.warnings = warnings
    self.rows = rows
  }

  /// The pixels of one image.
  func image(_ number: Int) throws -> [UInt8] { try images.image(rows[number]) }
}

/// Tar archives in the ustar format, wrong ones too.
enum Tar {
  struct Entry {
    var name: String
    /// `0` file, `1` hard link, `2` symbolic link, `5` folder, `6` pipe.
    var type = "0"
    var target = ""
    var bytes: [UInt8] = []
    /// The size that the header claims; nil for the true one.
    var declared: Int?
  }

  static func archive(_ entries: [Entry]) -> [UInt8] { entries.flatMap(member) + [UInt8](repeating: 0, count: 1024) }

  private static func member(_ entry: Entry) -> [UInt8] {
    var header = [UInt8](repeating: 0, count: 512)
    func put(_ text: String, at place: Int) { for (offset, byte) in text.utf8.enumerated() { header[place + offset] = byte } }
    func octal(_ value: Int, digits: Int) -> String {
      let text = String(value, radix: 8)
      return String(repeating: "0", count: digits - text.count) + text
    }
    put(entry.name, at: 0)
    put(octal(0o644, digits: 7), at: 100)
    put(octal(0, digits: 7), at: 108)
    put(octal(0, digits: 7), at: 116)
    put(octal(entry.declared ?? entry.bytes.count, digits: 11), at: 124)
    put(octal(0, digits: 11), at: 136)
    put("        ", at: 148)
    put(entry.type, at: 156)
    put(entry.target, at: 157)
    put("ustar", at: 257)
    put("00", at: 263)
    let sum = header.reduce(0) { $0 + Int($1) }
    put(octal(sum, digits: 6), at: 148)
    header[154] = 0
    let padding = (512 - entry.bytes.count % 512) % 512
    return header + entry.bytes + [UInt8](repeating: 0, count: padding)
  }
}

/// Zip archives of stored members.
enum Zip {
  static func archive(_ entries: [(name: String, bytes: [UInt8])]) -> [UInt8] {
    var (archive, directory): ([UInt8], [UInt8]) = ([], [])
    for entry in entries {
      let name = Array(entry.name.utf8)
      // Version, flags, method, time, date, checksum, both sizes, lengths of name and extra field.
      let fields =
        little(20, 2) + little(0, 8) + little(Int(crc32(entry.bytes)), 4) + little(entry.bytes.count, 4)
        + little(entry.bytes.count, 4) + little(name.count, 2) + little(0, 2)
      directory += little(0x0201_4B50, 4) + little(20, 2) + fields + little(0, 10) + little(archive.count, 4) + name
      archive += little(0x0403_4B50, 4) + fields + name + entry.bytes
    }
    let end =
      little(0x0605_4B50, 4) + little(0, 4) + little(entries.count, 2) + little(entries.count, 2) + little(directory.count, 4)
      + little(archive.count, 4) + little(0, 2)
    return archive + directory + end
  }

  private static func little(_ value: Int, _ bytes: Int) -> [UInt8] {
    (0..<bytes).map { $0 < 8 ? UInt8(truncatingIfNeeded: value >> (8 * $0)) : 0 }
  }

  static func crc32(_ bytes: [UInt8]) -> UInt32 {
    var crc = UInt32.max
    for byte in bytes {
      crc ^= UInt32(byte)
      for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0xEDB8_8320 : crc >> 1 }
    }
    return ~crc
  }
}

/// Writes a picture of one colour.
func png(_ folder: TemporaryFolder, _ name: String, width: Int, height: Int, _ colour: [UInt8]) throws {
  try folder.write([], to: name)
  let pixels = (0..<width * height).flatMap { _ in colour }
  try PNGImage(width: width, height: height, pixels: pixels).write(to: "\(folder.path)/\(name)")
}

/// Two JPEGs of 64 × 64 pixels, and the SHA-256 of their RGB pixels by Pillow (Tests/oracles/jpegs.py).
enum JPEGs {
  static let colourDigest = "02e5de1203d46bdd148676033cd6fa9f58f6df6e9d18db28e87f376b0af40f84"
  static let greyDigest = "e55cf82ad82146b6adf1031aa0ab680267fb8b0359ce3b00a07a7f537833ad82"
  static let colour = [UInt8](Data(base64Encoded: colourText, options: .ignoreUnknownCharacters) ?? Data())
  static let grey = [UInt8](Data(base64Encoded: greyText, options: .ignoreUnknownCharacters) ?? Data())

  private static let colourText = """
    /9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAgGBgcGBQgHBwcJCQgKDBQNDAsLDBkSEw8UHRofHh0aHBwgJC4nICIsIxwcKDcpLDAxNDQ0Hyc5PTgyPC4zNDL/2wBDAQkJCQ
    wLDBgNDRgyIRwhMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjL/wAARCABAAEADASIAAhEBAxEB/8QAHwAAAQUBAQEBAQEAAAAA
    AAAAAAECAwQFBgcICQoL/8QAtRAAAgEDAwIEAwUFBAQAAAF9AQIDAAQRBRIhMUEGE1FhByJxFDKBkaEII0KxwRVS0fAkM2JyggkKFhcYGRolJicoKSo0NTY3ODk6Q0RFRk
    dISUpTVFVWV1hZWmNkZWZnaGlqc3R1dnd4eXqDhIWGh4iJipKTlJWWl5iZmqKjpKWmp6ipqrKztLW2t7i5usLDxMXGx8jJytLT1NXW19jZ2uHi4+Tl5ufo6erx8vP09fb3
    +Pn6/8QAHwEAAwEBAQEBAQEBAQAAAAAAAAECAwQFBgcICQoL/8QAtREAAgECBAQDBAcFBAQAAQJ3AAECAxEEBSExBhJBUQdhcRMiMoEIFEKRobHBCSMzUvAVYnLRChYkNO
    El8RcYGRomJygpKjU2Nzg5OkNERUZHSElKU1RVVldYWVpjZGVmZ2hpanN0dXZ3eHl6goOEhYaHiImKkpOUlZaXmJmaoqOkpaanqKmqsrO0tba3uLm6wsPExcbHyMnK0tPU
    1dbX2Nna4uPk5ebn6Onq8vP09fb3+Pn6/9oADAMBAAIRAxEAPwDx+3hwBxVvycjpTkj21ajjzX20sziqfsjmw9XW5Q+zZPSrUFtgjir8drntVpLXb2rwJ4aXtPan0GHxOl
    iOCHAFWTDkdKeke2rUce6uyeZxdP2R7OHq63KH2bJ6Vbt7fBHFX47TParKWu3tXgPDSVT2p9Bh8TpY4kw4PSrEEOSOKufZsnpVmC2welKpKf1i/Q/FMPXVh1vb5A4q19nw
    OlTwRYFWhFkdK+iliYfV7dT1cPWdzK8nnpVq3hyelWxbZPSrUFtgjivipSn9Yv0PpMPXVh0Fvx0qwbfA6VZhiwKs+VkV9DVxMPq9up6uGrO5xkVru7VaW1x2q7bwcdKtmD
    jpWzpwdHn6n4lh8RrYzFjxVmKPNSmDnpVq3g5HFfJTx8/bcnQ+jw9XQIrXParK2uO1XreDgcVZMHHSvaqU4ex5+p62HxGtjNWPFWoot1SeRz0q3bwcjivknj5utydD6PD1
    dLnMQxYq0seRThFg1Zhiya9qea2fsrn4fh6nUrra57VZhtcHpWjDa5HSrItcDpWM8Jp7U9zD4noVYY8VaEWacIsGrMMWTXFPNbv2Vz3cPU6ldbXJ6Vahtsdq0IbXI6VZFt
    gdKxnhOVe1Pcw+J6H/2Q==
    """

  private static let greyText = """
    /9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAgGBgcGBQgHBwcJCQgKDBQNDAsLDBkSEw8UHRofHh0aHBwgJC4nICIsIxwcKDcpLDAxNDQ0Hyc5PTgyPC4zNDL/wAALCABAAE
    ABAREA/8QAHwAAAQUBAQEBAQEAAAAAAAAAAAECAwQFBgcICQoL/8QAtRAAAgEDAwIEAwUFBAQAAAF9AQIDAAQRBRIhMUEGE1FhByJxFDKBkaEII0KxwRVS0fAkM2JyggkK
    FhcYGRolJicoKSo0NTY3ODk6Q0RFRkdISUpTVFVWV1hZWmNkZWZnaGlqc3R1dnd4eXqDhIWGh4iJipKTlJWWl5iZmqKjpKWmp6ipqrKztLW2t7i5usLDxMXGx8jJytLT1N
    XW19jZ2uHi4+Tl5ufo6erx8vP09fb3+Pn6/9oACAEBAAA/AOw8N3iQQKCe1T+IL5JrZgCOleKeI7N5rhiB3pPDtk8NwpI717X4evUht1BI6VF4kvEmt2APavFNfsXluWIB
    61b8NWjwTqWHeurfWPsJ27sYpE1z7Ydu7Oaspov20btuc0Pon2IbtuMVWfW/sZ27sYoTWftp27s5qymhfbBu25zSPpH2EbtuMVxHie4eK4YKe9V/Dt08lyoJPWvcvDVskt
    upIHSneJLZIrZioHSvDPEd08dywBPWpvDNy8twoY969y8PWqSWykgdKp+KLdIrdioHSvJ9d05rqZiBnmodF0tredWK45r1bQ9SW2hUE44pdb1NbmBlBzxXlOtaW1zOzBc8
    1JoWmtazKSMc16to2qrbwBS3aq2vait1CwBzkVm2OkC9QMVzmn3uii0QsFxiuUvtYNm5UNjFJZaybxwpbOa6uy0UXiBiuc02+0gWSFguMVyt5rZtHKhsYqSw1Y3rhS2c16
    T4WVDbrux0qz4kVBatjHSvBfE7OLltuetJ4ZZzcru9a958NKhtVzjpUXihUFs23HSvBfEbSC6bGetXfCjObhN3rXp+l6sLOMKWxipNR1lbuIqGzmuF1PSGvJCwXOaTTdHa
    0kDFcYrutN1hbSIKWximanqy3kZUNnNcLqOitdSlguam0vSjZSBiuMVBrOptaSsobGKh0nVmupgpbOTXpWj6Ut1EGK5zS6vpS2sJYLjivNdW1ZrWYqGxzUmj6o13KFLZzX
    pOlaQtzCGK54qvrWmLaRMwGMV//9k=
    """
}

/// PNG files of kinds that `PNGImage` does not write.
enum MinimalPNG {
  /// - Parameter scanLines: each with its filter byte.
  static func file(width: UInt8, height: UInt8, colourType: UInt8, scanLines: [UInt8]) -> [UInt8] {
    func big(_ value: UInt32) -> [UInt8] { (0..<4).reversed().map { UInt8(truncatingIfNeeded: value >> (8 * UInt32($0))) } }
    func chunk(_ type: String, _ content: [UInt8]) -> [UInt8] {
      big(UInt32(content.count)) + Array(type.utf8) + content + big(Zip.crc32(Array(type.utf8) + content))
    }
    // One stored block of deflate, and the Adler-32 of its content.
    var (low, high): (UInt32, UInt32) = (1, 0)
    for byte in scanLines {
      low = (low + UInt32(byte)) % 65521
      high = (high + low) % 65521
    }
    let length = UInt8(scanLines.count)
    let data = [0x78, 1, 1, length, 0, ~length, 255] + scanLines + big(high << 16 | low)
    return [0x89, 0x50, 0x4E, 0x47, 13, 10, 26, 10] + chunk("IHDR", [0, 0, 0, width, 0, 0, 0, height, 8, colourType, 0, 0, 0])
      + chunk("IDAT", data) + chunk("IEND", [])
  }
}
