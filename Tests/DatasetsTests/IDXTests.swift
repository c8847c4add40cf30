import Datasets
import Tensors
import Testing

struct IDXTests {
  @Test func parsesAndRefuses() throws {
    let good: [UInt8] = [0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6]
    #expect(try IDX.parse(good, path: "f").shape == [2, 3])
    for bad in [Array(good.dropLast()), good + [7], Array(good.prefix(5)), [1] + good.dropFirst(), []] {
      #expect(throws: DatasetError.self) { try IDX.parse(bad, path: "f") }
    }
  }

  /// Mutated inputs give an answer or an error, never a trap.
  @Test func survivesMutations() {
    let good: [UInt8] = [0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6]
    var refused = 0
    for item in 0..<10_000 {
      var stream = RandomStream(seed: 1, purpose: .test, item: item)
      var bytes = good
      for _ in 0...stream.integer(below: 4) { bytes[stream.integer(below: bytes.count)] = UInt8(stream.integer(below: 256)) }
      bytes = Array(bytes.prefix(stream.integer(below: bytes.count + 1)))
      if (try? IDX.parse(bytes, path: "f")) == nil { refused += 1 }
    }
    #expect(refused > 5000 && refused <= 10_000)
  }
}
