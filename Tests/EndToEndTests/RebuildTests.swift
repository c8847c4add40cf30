import Foundation
import Testing
import Workflow

/// Builds the largest stage program in two folders: its digest, which is in every action key, stays the same. Then a
/// method is added to one of them.
struct RebuildTests {
  private static let root = URL(fileURLWithPath: #filePath).appendingPathComponent("../../..").standardized

  @Test("an unchanged program keeps its digest wherever it is built; docs/adding-a-method.md works as it stands")
  func digestsAndTheNextMethod() throws {
    let base = FileManager.default.temporaryDirectory.appendingPathComponent("ccr-rebuild-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: base) }
    let folders = [base.appendingPathComponent("a"), base.appendingPathComponent("another/place")]
    for folder in folders {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      for name in [".swift-format", "Package.swift", "Sources", "Tests", "data", "pipeline.json"] {
        try FileManager.default.copyItem(at: Self.root.appendingPathComponent(name), to: folder.appendingPathComponent(name))
      }
    }
    let (first, second) = (try digest(folders[0]), try digest(folders[1]))
    #expect(first == second)
    try AddingAMethodPage(folder: folders[1].path).follow()
  }

  private func digest(_ folder: URL) throws -> String {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["swift", "build", "-c", "release", "--product", "train", "--package-path", folder.path]
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0, "swift build in \(folder.path)")
    return try ProgramDigest.ofFile(folder.appendingPathComponent(".build/release/train").path).hex
  }
}
