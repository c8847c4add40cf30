import Artifacts
import Foundation
import Testing

@Suite("Files that should be JSON")
struct JSONEncodingTests {
  private func complaint(_ bytes: [UInt8]) -> String {
    do {
      return "accepted: \(try JSONDocument(parsing: bytes, file: "f").root.compact)"
    } catch {
      return "\(error.problem); \(error.remedy)"
    }
  }

  private func encoded(_ encoding: String.Encoding) throws -> [UInt8] { Array(try #require("{\"é\": 1}".data(using: encoding))) }

  @Test("a UTF-8 byte order mark is passed over, and columns are counted without it")
  func byteOrderMark() {
    #expect(complaint([0xEF, 0xBB, 0xBF] + Array("{\"a\": 1}".utf8)) == "accepted: {\"a\": 1}")
    #expect(complaint([0xEF, 0xBB, 0xBF] + Array("{a}".utf8)).contains("f:1:2: expected a member name"))
  }

  @Test(
    "other encodings are named, with the remedy",
    arguments: [String.Encoding.utf16, .utf16LittleEndian, .utf16BigEndian, .utf32, .utf32LittleEndian, .utf32BigEndian])
  func otherEncodings(_ encoding: String.Encoding) throws {
    let words = complaint(try encoded(encoding))
    let name = [.utf32, .utf32LittleEndian, .utf32BigEndian].contains(encoding) ? "UTF-32" : "UTF-16"
    #expect(words == "f:1:1: expected UTF-8 text, found \(name) text; save the file as UTF-8")
  }

  @Test("a byte that is no UTF-8 is named at its place")
  func invalidBytes() throws {
    #expect(complaint(Array("{\n \"".utf8) + [0xE9] + Array("\": 1}".utf8)).contains("f:2:3: expected UTF-8 text, found the byte 0xE9"))
    #expect(complaint(Array("[1]".utf8) + [0xE2, 0x82]).contains("f:1:4: expected UTF-8 text"))
    #expect(complaint([0x1F, 0x8B, 8, 0, 1]).contains("found a gzip file"))
  }

  @Test("nothing, and nothing but space", arguments: ["", " \n\t\r\n"])
  func empty(_ text: String) { #expect(complaint(Array(text.utf8)).contains("found an empty file")) }

  @Test(
    "habits of other languages are named",
    arguments: [
      ("{\"a\": NaN}", "neither NaN nor infinity"), ("[-Infinity]", "neither NaN nor infinity"), ("// a\n1", "no comments"),
      ("[1, # a\n 2]", "no comments"), ("[True]", "writes true, false and null"), ("{'a': 1}", "double quotes only"),
      ("[1, 2,]", "no comma before a closing bracket"), ("{\"a\": 1,}", "no comma before a closing bracket"),
      ("{\"a\": }", "expected a value, found \"}\""),
    ])
  func habits(_ text: String, words: String) { #expect(complaint(Array(text.utf8)).contains(words), "\(complaint(Array(text.utf8)))") }

  @Test("nesting without end is refused at once", arguments: ["[", "{\"a\":"])
  func nesting(_ opening: String) {
    #expect(complaint(Array(String(repeating: opening, count: 100_000).utf8)).contains("levels of nesting"))
  }

  @Test("a folder in the place of a file is said to be one, and is the user's turn")
  func folder() throws {
    let error = try #require(throws: FileError.self) { try JSONDocument(contentsOf: NSTemporaryDirectory()) }
    #expect(error.kind == .badInput && error.remedy == "name a file there, not a folder")
  }

  @Test("numbers beyond the integers become the nearest, and what is none becomes 0")
  func saturating() {
    #expect(Int(saturating: 1e300) == .max && Int(saturating: -1e300) == .min && Int(saturating: .infinity) == .max)
    #expect(Int(saturating: .nan) == 0 && Int(saturating: -2.9) == -2 && Int(saturating: 9.223372036854775807e18) == .max)
    #expect(JSONValue.number(1e300).integer == nil && JSONValue.number(-1e19).integer == nil)
  }
}
