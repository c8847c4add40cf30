import Foundation

/// The real programs, as a test calls them.
enum Programs {
  /// `.build/release` of this package: where the test bundle lies, the programs lie.
  static let folder = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent().path
  /// The folder of this package.
  static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path
  /// Arguments of `env` that call Swift to build for the processors that these programs are for.
  static let swift: [String] = {
    let made = try? String(contentsOfFile: "\(root)/.build/release.made", encoding: .utf8)
    return (made.map { ["CCR_MARCH=\($0.filter { !$0.isNewline })"] } ?? []) + ["swift"]
  }()

  /// How a program ended, and what it said.
  struct Output {
    let code: Int32
    let out, error: String
  }

  /// Runs a program to its end.
  /// - Parameters:
  ///   - program: its name, or the path of another one.
  ///   - current: the folder to run it in; nil for that of the tests.
  static func run(_ program: String, _ arguments: [String], in current: String? = nil) throws -> Output {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: program.hasPrefix("/") ? program : "\(folder)/\(program)")
    process.arguments = arguments
    if let current { process.currentDirectoryURL = URL(fileURLWithPath: current) }
    // Files, which unlike pipes never fill up.
    let files = (0..<2).map { _ in FileManager.default.temporaryDirectory.path + "/ccr-words-\(UUID().uuidString)" }
    defer { for file in files { unlink(file) } }
    for file in files { _ = FileManager.default.createFile(atPath: file, contents: nil) }
    process.standardOutput = FileHandle(forWritingAtPath: files[0])
    process.standardError = FileHandle(forWritingAtPath: files[1])
    try process.run()
    process.waitUntilExit()
    let words = try files.map { String(decoding: try Data(contentsOf: URL(fileURLWithPath: $0)), as: UTF8.self) }
    return Output(code: process.terminationStatus, out: words[0], error: words[1])
  }
}
