import Foundation
import TestSupport
import Testing

/// A program on a processor without the instructions it was compiled for: the check that all programs carry, compiled here for a processor that
/// lacks them.
@Suite("Older processors", .waiting)
struct ProcessorTests {
  private static let source = URL(fileURLWithPath: #filePath).appendingPathComponent("../../../Sources/CProcessor").standardized.path

  @Test("said in words with what to do, exit code 71, before anything else", arguments: [(true, "AVX-512"), (false, "AVX2 and FMA")])
  func refused(wide: Bool, level: String) throws {
    let refusing = try end(["-DSUPPORTED=0"] + (wide ? ["-DPROCESSOR_AVX512"] : []))
    #expect(refusing.code == 71)
    #expect(refusing.words.contains("error: ") && refusing.words.contains(level) && refusing.words.contains("CCR_MARCH=x86-64-v3"))
    #expect(!refusing.words.contains("began"))
  }

  @Test func thisProcessorIsAccepted() throws {
    let running = try end([])
    #expect(running.code == 0 && running.words == "began\n")
  }

  /// Compiles the check with a program that says that it began, and runs it.
  private func end(_ flags: [String]) throws -> (code: Int32, words: String) {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("ccr-processor-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try Data("#include <unistd.h>\nint main(void) { return write(2, \"began\\n\", 6) != 6; }\n".utf8).write(
      to: URL(fileURLWithPath: "\(folder)/main.c"))
    // The compiler that comes with Swift.
    let compiled = try Programs.run(
      "/usr/bin/env",
      ["clang", "-I\(Self.source)/include"] + flags + ["\(Self.source)/processor.c", "\(folder)/main.c", "-o", "\(folder)/program"])
    #expect(compiled.code == 0, "\(compiled.error)")
    let ended = try Programs.run("\(folder)/program", [])
    return (ended.code, ended.error)
  }
}
