import Artifacts
import StageKit
import Tensors
import Testing

import DeepClustering

@Suite("JULE")
struct JULETests {
  private static func network(rate: Double) -> JSONValue {
    ["clusters": 3, "neighbours": 10, "clusterNeighbours": 5, "mergeRate": .number(rate), "outlierShare": 0.1]
  }

  @Test("separates bars, chance 1/3, and ends before the stage that would leave K clusters")
  func learns() throws {
    let training = try BarsTraining("jule", images: 300, ["epochs": 40, "batch": 50, "network": Self.network(rate: 0.6)])
    var counts: [Int] = []
    _ = try training.trainer.run(views: MethodExample.views, interrupted: { false }) {
      if case .pass = $0, let labels = training.method.memory.first(where: { $0.name == "jule.labels" })?.tensor {
        counts.append(Set(labels.scalars).count)
      }
    }
    let accuracy = try training.accuracy()
    #expect(accuracy > 0.9)
    // The chains, then each stage's share, two passes apart.
    #expect(counts.count < 40 && counts.count.isMultiple(of: 2))
    for pass in counts.indices.dropFirst() {
      let before = counts[pass - 1]
      let merged = pass.isMultiple(of: 2) ? Int((0.6 * Double(before)).rounded(.up)) : 0
      // Outliers join first, of more than 20 · K clusters also those without affinities.
      #expect(merged > 0 ? counts[pass] <= before - merged : counts[pass] == before)
    }
    let last = try #require(counts.last)
    #expect(last > 3 && last - Int((0.6 * Double(last)).rounded(.up)) <= 3)
  }

  @Test("images that are all alike are one cluster and no triplet")
  func equalImages() throws {
    let training = try BarsTraining("jule", images: 30, [:])
    let grey: Trainer.Views = { numbers, _, _ in
      ([UInt8](repeating: 90, count: numbers.count * MethodExample.size * MethodExample.size), [])
    }
    _ = try training.trainer.run(views: grey, interrupted: { false }, tell: { _ in })
    #expect(training.trainer.state.history.allSatisfy { $0.term("triplet") == 0 })
  }

  @Test("features are unit vectors, of images below the kernel's size too", arguments: [3, 8])
  func features(size: Int) throws {
    let settings = try #require(MethodExample(JULE.self)).settings()
    let model = JULE.model(settings, channels: 1, size: size, seed: 1)
    let team = ThreadTeam(threads: 1)
    var stream = RandomStream(seed: 1, purpose: .test)
    let images = model.input.prepare((0..<5 * size * size).map { _ in UInt8(stream.integer(below: 256)) }, team: team)
    let features = model.embed(images, team: team).features
    #expect(features.shape == [5, 160])
    for row in 0..<5 { #expect(abs(features.rows(row..<row + 1).scalars.reduce(0) { $0 + $1 * $1 } - 1) < 1e-4) }
  }

  @Test("a cluster of most images is told when its stage is over")
  func largeCluster() throws {
    let training = try BarsTraining("jule", images: 30, [:])
    let grey: Trainer.Views = { numbers, _, _ in
      ([UInt8](repeating: 90, count: numbers.count * MethodExample.size * MethodExample.size), [])
    }
    var warnings: [String] = []
    _ = try training.trainer.run(views: grey, interrupted: { false }) { if case .warning(let text) = $0 { warnings.append(text) } }
    #expect(warnings.contains { $0.contains("holds 30 of the 30 images") })
  }
}
