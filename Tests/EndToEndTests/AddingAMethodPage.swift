import Artifacts
import Foundation
import Testing

/// Does what docs/adding-a-method.md says, in a copy of the sources: from an empty file to a row of Table 1. `RebuildTests` has such a copy, which is
/// built already.
struct AddingAMethodPage {
  /// With Package.swift, Sources, Tests, data, pipeline.json and .swift-format of this package.
  let folder: String

  /// A block of code of the page with the place it belongs to.
  private struct Block {
    let file: String
    /// The line it comes behind; nil where it is the whole file.
    let after: String?
    let text: String
  }

  /// The blocks that name a file: "```swift file=PATH after="LINE"".
  private func blocks() throws -> [Block] {
    let page = try String(contentsOfFile: "\(Programs.root)/docs/adding-a-method.md", encoding: .utf8)
    var blocks: [Block] = []
    for part in page.components(separatedBy: "\n```").dropFirst() {
      let lines = part.split(separator: "\n", maxSplits: 1, omittingEmptySubsequences: false)
      guard let head = lines.first, let start = head.range(of: "file=") else { continue }
      let rest = head[start.upperBound...]
      let file = String(rest.prefix { $0 != " " })
      let after = rest.range(of: "after=\"").map { rest[$0.upperBound...].dropLast().replacing("\\\"", with: "\"") }
      blocks.append(Block(file: file, after: after.map { String($0) }, text: String(lines[1])))
    }
    return blocks
  }

  /// Follows the page to its end.
  func follow() throws {
    let blocks = try blocks()
    #expect(blocks.map(\.file).filter { $0 == "pipeline.json" }.count == 2 && blocks.count == 5)
    for block in blocks {
      let path = "\(folder)/\(block.file)"
      guard let line = block.after else {
        try block.text.appending("\n").write(toFile: path, atomically: true, encoding: .utf8)
        continue
      }
      let text = try String(contentsOfFile: path, encoding: .utf8)
      #expect(text.components(separatedBy: "\(line)\n").count == 2, "\(line) in \(block.file)")
      try text.replacing("\(line)\n", with: "\(line)\n\(block.text)\n").write(toFile: path, atomically: true, encoding: .utf8)
    }
    #expect(
      try Programs.run("/usr/bin/env", ["swift", "format", "lint", "--strict", "--recursive", "\(folder)/Sources/DeepClustering"]).code == 0
    )
    for program in ["train", "embed"] {
      let built = try Programs.run(
        "/usr/bin/env", Programs.swift + ["build", "-c", "release", "--product", program, "--package-path", folder])
      try #require(built.code == 0, "\(built.out.suffix(2000))")
    }
    // The other programs are those of the page's `make build`, which nothing changed.
    let release = URL(fileURLWithPath: "\(folder)/.build/release").resolvingSymlinksInPath().path
    for program in ["ccr", "ingest", "augment", "cluster", "tsne", "evaluate", "tabulate"] {
      try FileManager.default.copyItem(atPath: "\(Programs.folder)/\(program)", toPath: "\(release)/\(program)")
    }
    // As the page says, but on few images for a short time.
    func ccr(_ arguments: String...) throws -> Programs.Output {
      let small = ["--pipeline", "\(folder)/pipeline.json", "--profile", "glance", "--set", "epochs=1", "--set", "ingest.subset=150"]
      return try Programs.run("\(release)/ccr", [arguments[0]] + small + arguments.dropFirst(), in: folder)
    }
    let shown = try ccr("show", "train[method=relation,seed=0]")
    #expect(shown.code == 0 && shown.out.contains("balanceWeight"), "\(shown.error)")
    let run = try ccr("run", "evaluate[method=relation]")
    #expect(run.code == 0, "\(run.error.suffix(2000))")
    let misspelt = try ccr("plan", "--set", "methods.relation.balanceWeigth=2", "train[method=relation]")
    #expect(misspelt.code != 0 && misspelt.error.contains("balanceWeight"), "\(misspelt.error)")
    let planned = try ccr("plan", "table1")
    #expect(planned.code == 0 && planned.out.contains("table1"), "\(planned.error)")
  }
}
