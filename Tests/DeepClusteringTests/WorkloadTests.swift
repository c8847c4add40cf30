import Artifacts
import DeepClustering
import StageKit
import Testing

struct WorkloadTests {
  private func operations(size: Int, channels: Int, widths: [Int], blocks: [Int]) throws -> Double {
    let network: JSONValue = [
      "widths": .array(widths.map { .integer($0) }), "blocks": .array(blocks.map { .integer($0) }), "heads": [100, 10], "sobel": true,
      "mean": [0.4], "std": [0.3],
    ]
    let settings = try #require(MethodExample(CCR.self)).with(["network": network]).settings()
    return try #require(CCR.networkSize(settings, channels: channels, size: size)).operations
  }

  /// Estimates of the paper's size come from runs of the quick profile: on one thread without AVX-512 a step takes 253 µs of an image by its network, and some
  /// 22 ms by ResNet-34, 87 times as much (docs/benchmarks.md), where the products alone are 270 times as many.
  @Test func smallAndLargeNetworksStandAsMeasured() throws {
    let small = try operations(size: 20, channels: 1, widths: [16, 32, 64], blocks: [1, 1, 1])
    let large = try operations(size: 32, channels: 3, widths: [64, 128, 256, 512], blocks: [3, 4, 6, 3])
    #expect((70.0...110).contains(large / small), "\(large) to \(small)")
  }
}
