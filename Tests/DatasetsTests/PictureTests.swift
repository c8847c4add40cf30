import Artifacts
import Datasets
import Foundation
import Testing

/// A picture and what Pillow makes of it, by Tests/oracles/pictures.py: size, and the SHA-256 of the RGB bytes.
struct PictureOracle: Decodable, Sendable, CustomTestStringConvertible {
  let name: String
  let width, height: Int
  let sha256, base64: String

  var bytes: [UInt8] { [UInt8](Data(base64Encoded: base64) ?? Data()) }
  var testDescription: String { name }

  static let all: [PictureOracle] = {
    let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../oracles/pictures.json")
    guard let data = try? Data(contentsOf: file), let all = try? JSONDecoder().decode([PictureOracle].self, from: data) else { return [] }
    return all
  }()

  static func named(_ name: String) throws -> [UInt8] { try #require(all.first { $0.name == name }).bytes }
}

struct PictureTests {
  private let decoder = PictureDecoder(mostPixels: 1 << 20)

  @Test func thereAreOracles() { #expect(PictureOracle.all.count == 104) }

  @Test(arguments: PictureOracle.all)
  func agreesWithPillow(oracle: PictureOracle) throws {
    let picture = try decoder.decode(oracle.bytes, path: oracle.name)
    #expect(picture.width == oracle.width && picture.height == oracle.height)
    #expect(ContentDigest.of(picture.pixels).hex == oracle.sha256)
    #expect(picture.isTransparent == ["alpha", "rgba", "tRNS"].contains { oracle.name.contains($0) })
    #expect(picture.isAnimated == ["webp animated", "apng"].contains(oracle.name))
  }

  /// What Pillow calls truncated is never a picture with a made-up rest.
  @Test(arguments: ["png rgb", "png rgb interlaced", "jpeg sampling 0", "jpeg progressive", "webp lossless", "webp lossy", "webp animated"])
  func filesCutShortAreRefused(name: String) throws {
    let whole = try PictureOracle.named(name)
    // The last bytes of a PNG and of a JPEG say no more than that they are the last.
    for count in stride(from: 20, to: whole.count - 16, by: 7) {
      let error = #expect(throws: PictureError.self) {
        try decoder.decode(Array(whole.prefix(count)), path: "x")
      }
      #expect(error?.problem.hasPrefix("x is no readable picture: ") == true)
    }
  }

  /// Behind a warning that leaves a picture the library tells of no further one.
  @Test func filesCutShortBehindAWarningAreRefused() throws {
    let good = try PictureOracle.named("jpeg sampling 0")
    var odd = good
    // The scan of a baseline picture has the parameters 0, 63, 0; some writers set none.
    let scan = try #require(odd.firstRange(of: [0xFF, 0xDA]))
    let last = scan.lowerBound + 1 + Int(odd[scan.lowerBound + 2]) << 8 + Int(odd[scan.lowerBound + 3])
    odd[last - 1] = 0
    #expect(try decoder.decode(odd, path: "x").pixels == decoder.decode(good, path: "x").pixels)
    for count in last + 1..<odd.count - 1 {
      let error = #expect(throws: PictureError.self) { try decoder.decode(Array(odd.prefix(count)), path: "x") }
      #expect(error?.problem == "x is no readable picture: Premature end of JPEG file")
    }
  }

  /// What libjpeg remarks on already in a picture's header: a colour transform that it does not know, bytes between segments.
  @Test(
    arguments: [
      [0xFF, 0xEE, 0, 14] + Array("Adobe".utf8) + [0, 100, 0, 0, 0, 0, 7], [0x00, 0x11, 0x22],
    ] as [[UInt8]])
  func remarksOnTheHeaderLeaveThePicture(inserted: [UInt8]) throws {
    var odd = try PictureOracle.named("jpeg sampling 0")
    let pixels = try decoder.decode(odd, path: "x").pixels
    // Whoever calls it JFIF is believed whatever Adobe says.
    odd.removeSubrange(2..<4 + Int(odd[5]))
    odd.insert(contentsOf: inserted, at: try #require(odd.firstRange(of: [0xFF, 0xDB])).lowerBound)
    #expect(try decoder.decode(odd, path: "x").pixels == pixels)
  }

  @Test func largePicturesAreALimitAndNoDamage() throws {
    let small = PictureDecoder(mostPixels: 76)
    for name in ["png rgb", "jpeg grey", "webp lossy"] {
      #expect(throws: PictureError.beyondLimit(path: "x", message: "its 11 × 7 pixels are more than 76")) {
        try small.decode(PictureOracle.named(name), path: "x")
      }
    }
    // A header that claims more than libpng's own limit of a million columns.
    var wide = try PictureOracle.named("png rgb")
    wide.replaceSubrange(16..<20, with: [0, 0x1E, 0x84, 0x80])
    #expect(throws: PictureError.beyondLimit(path: "x", message: "its 2000000 × 7 pixels are more than 1048576")) {
      try decoder.decode(wide, path: "x")
    }
  }

  @Test func goodJPEGsThatTheLibraryDoesNotDecodeAreNotCalledDamaged() throws {
    var twelveBits = try PictureOracle.named("jpeg grey")
    let frame = try #require(twelveBits.firstRange(of: [0xFF, 0xC0]))
    twelveBits[frame.lowerBound + 1] = 0xC1
    twelveBits[frame.lowerBound + 4] = 12
    let error = #expect(throws: PictureError.self) { try decoder.decode(twelveBits, path: "x") }
    #expect(error?.problem == "x is of a kind that is not read: Unsupported JPEG data precision 12", "\(error!)")
  }

  @Test func orientationsThatAreNoneLeaveThePictureAsItIs() {
    for exif in [[], Array("MM".utf8), Array("II*\0\u{8}\0\0\0".utf8), [UInt8](repeating: 255, count: 40)] as [[UInt8]] {
      #expect(Orientation(exif: exif) == .upright)
    }
    func little(_ value: UInt8) -> [UInt8] { Array("II*\0".utf8) + [8, 0, 0, 0, 1, 0, 0x12, 1, 3, 0, 1, 0, 0, 0, value, 0, 0, 0] }
    #expect(Orientation(exif: little(6)) == .turnedLeft && Orientation(exif: Array("Exif\0\0".utf8) + little(8)) == .turnedRight)
    #expect(Orientation(exif: little(0)) == .upright && Orientation(exif: little(9)) == .upright)
  }
}
