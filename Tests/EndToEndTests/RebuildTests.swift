import Foundation
import TestSupport
import Testing
import Workflow

/// Builds the largest stage program in another folder: its digest, which is in every action key, stays the same. Then a method is added there.
@Suite(.waiting, BuildsFirst())
struct RebuildTests {
  @Test("an unchanged program keeps its digest wherever it is built; docs/adding-a-method.md works as it stands")
  func digestsAndTheNextMethod() throws {
    let copy = try Copy.first.get()
    defer { copy.remove() }
    #expect(try copy.digest() == ProgramDigest.ofFile("\(Programs.folder)/train").hex)
    try AddingAMethodPage(folder: copy.folder).follow()
  }

  /// Those that tests compile anew, and only tests import, may be there.
  @Test func programsAreCompiledWithTheModulesThatTheToolchainCameWith() throws {
    let files = try FileManager.default.contentsOfDirectory(atPath: "\(Programs.folder)/ModuleCache")
    let modules = files.filter { $0.hasSuffix(".swiftmodule") }
    #expect(Set(modules.map { String($0.prefix { $0 != "-" }) }).isSubset(of: ["Testing", "_Testing_Foundation"]), "\(modules)")
  }
}

/// The build takes longer than any other test, so it begins before all of them.
private struct BuildsFirst: SuiteTrait {
  func prepare(for test: Test) async throws { _ = Copy.first }
}

/// A copy of this package in which `train` is being built.
private final class Copy: @unchecked Sendable {
  static let first = Result { try Copy() }

  let folder: String
  private let build = Process()

  init() throws {
    folder = FileManager.default.temporaryDirectory.path + "/ccr-rebuild-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    for name in [".swift-format", "Package.swift", "Sources", "Tests", "data", "pipeline.json"] {
      try FileManager.default.copyItem(atPath: "\(Programs.root)/\(name)", toPath: "\(folder)/\(name)")
    }
    build.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    build.arguments = Programs.swift + ["build", "-c", "release", "--product", "train", "--package-path", folder]
    build.standardOutput = FileHandle(forWritingAtPath: "/dev/null")
    build.standardError = build.standardOutput
    try build.run()
  }

  /// The digest of `train`, once it is built.
  func digest() throws -> String {
    build.waitUntilExit()
    try #require(build.terminationStatus == 0, "swift build in \(folder)")
    return try ProgramDigest.ofFile("\(folder)/.build/release/train").hex
  }

  func remove() { try? FileManager.default.removeItem(atPath: folder) }
}
