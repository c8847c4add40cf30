import Foundation
import Testing
import Workflow

/// Builds the largest stage program in another folder: its digest, which is in every action key, is that of the one built here. Then a method is
/// added there.
struct RebuildTests {
  @Test("an unchanged program keeps its digest wherever it is built; docs/adding-a-method.md works as it stands")
  func digestsAndTheNextMethod() throws {
    let base = FileManager.default.temporaryDirectory.appendingPathComponent("ccr-rebuild-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: base) }
    let folder = base.appendingPathComponent("another/place")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    for name in [".swift-format", "Package.swift", "Sources", "Tests", "data", "pipeline.json"] {
      try FileManager.default.copyItem(atPath: "\(Programs.root)/\(name)", toPath: folder.appendingPathComponent(name).path)
    }
    let built = try Programs.run(
      "/usr/bin/env", ["swift", "build", "-c", "release", "--product", "train", "--package-path", folder.path])
    try #require(built.code == 0, "\(built.out.suffix(2000))")
    let programs = [Programs.folder, folder.appendingPathComponent(".build/release").path].map { "\($0)/train" }
    let digests = try programs.map { try ProgramDigest.ofFile($0).hex }
    #expect(digests[0] == digests[1])
    try AddingAMethodPage(folder: folder.path).follow()
  }
}
