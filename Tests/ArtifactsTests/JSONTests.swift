import Artifacts
import Testing

struct JSONTests {
  @Test func canonicalFormForgetsOrderSpacesAndSpelling() throws {
    let a = try JSONValue.parse(#"{"b": [1.0, 2e0, 0.001], "a": "x\u00e9\n"}"#, file: "a")
    let b = try JSONValue.parse(#" {"a":"xé\n","b":[1,2,1e-3]} "#, file: "b")
    #expect(a.canonical == b.canonical)
    #expect(a.canonical == #"{"a":"xé\n","b":[1,2,0.001]}"#)
    #expect(try JSONValue.parse(a.pretty, file: "c").canonical == a.canonical)
  }

  @Test(arguments: [
    ("{\n  \"a\": 1,\n  \"b\" 2\n}", 3, 7, "a colon"), ("[1, 2", 1, 6, "a comma or ]"), ("", 1, 1, "a JSON value"),
    ("{\"a\":1,\"a\":2}", 1, 8, "twice"),
    ("[01]", 1, 3, "a comma or ]"), ("\"\\q\"", 1, 3, "an escape"), ("[1] x", 1, 5, "the end of the document"),
  ])
  func saysWhereAndWhat(_ text: String, line: Int, column: Int, words: String) {
    let error = #expect(throws: JSONError.self) { try JSONValue.parse(text, file: "f") }
    #expect(error?.position.line == line && error?.position.column == column, "\(String(describing: error?.position))")
    #expect(error?.expected.contains(words) == true, "\(error?.expected ?? "")")
  }

  @Test func deepNestingIsRefusedRatherThanFatal() {
    #expect(throws: JSONError.self) { try JSONValue.parse(String(repeating: "[", count: 100_000), file: "deep") }
  }

  @Test func positionsFollowPointers() throws {
    let document = try JSONDocument(parsing: "{\"a\":\n {\"b/c\": [1,\n 22]}}", file: "f")
    #expect(document.position(of: "/a/b~1c/1").line == 3)
    #expect(document.position(of: "/a/b~1c/1").column == 2)
    #expect(document.position(of: "/a/nothing").line == 2)
  }

  @Test func digestIsSHA256() {
    #expect(ContentDigest.of(Array("abc".utf8)).hex == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    #expect(ContentDigest(hex: "xyz") == nil)
  }

  @Test func nearestSpelling() {
    #expect(NearestSpelling.of("epoks", among: ["batch", "epochs", "seed"]) == "epochs")
    #expect(NearestSpelling.of("zzzzzz", among: ["batch", "epochs"]) == nil)
  }
}
