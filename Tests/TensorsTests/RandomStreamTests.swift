import Tensors
import Testing

struct RandomStreamTests {
  /// Known answers published with Random123 (kat_vectors, philox4x32-10).
  @Test func agreesWithThePublishedVectors() {
    #expect(RandomStream.philox(counter: SIMD4(0, 0, 0, 0), key: (0, 0)) == SIMD4(0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8))
    let ones = UInt32.max
    #expect(
      RandomStream.philox(counter: SIMD4(ones, ones, ones, ones), key: (ones, ones))
        == SIMD4(0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd))
  }

  @Test func differsByEveryKey() {
    func first(_ seed: UInt64 = 1, _ purpose: RandomPurpose = .test, _ epoch: Int = 0, _ item: Int = 0, _ copy: Int = 0) -> UInt64 {
      var stream = RandomStream(seed: seed, purpose: purpose, epoch: epoch, item: item, copy: copy)
      return stream.next()
    }
    #expect(Set([first(), first(2), first(1, .view), first(1, .test, 1), first(1, .test, 0, 1), first(1, .test, 0, 0, 1)]).count == 6)
  }

  @Test func permutesAndStaysInRange() {
    var stream = RandomStream(seed: 3, purpose: .test)
    #expect(stream.permutation(100).sorted() == Array(0..<100))
    let draws = (0..<1000).map { _ in stream.integer(below: 7) }
    #expect(Set(draws) == Set(0..<7))
    #expect((0..<1000).allSatisfy { _ in (0..<1).contains(stream.uniform()) })
  }
}
