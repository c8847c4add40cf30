import Tensors
import Testing

struct RandomMaskTests {
  private let ones = Tensor(shape: [40, 10, 10, 3], Array(repeating: 1, count: 12_000))
  private func mask(step: Int = 0, pass: Int = 0, layer: Int = 0, seed: UInt64 = 1) -> RandomMask {
    RandomMask(seed: seed, pass: pass, step: step, layer: layer)
  }

  @Test func aStreamGoesOnFromAnyNumber() {
    let stream = RandomStream(seed: 9, purpose: .test, epoch: 2, item: 3)
    var whole = stream
    let bits = (0..<64).map { _ in whole.nextBits() }
    for first in stride(from: 0, to: 64, by: 4) {
      var rest = stream.advanced(to: first)
      #expect((first..<64).map { _ in rest.nextBits() } == Array(bits[first...]))
    }
  }

  @Test func normalNumbersAreNormal() {
    var stream = RandomStream(seed: 3, purpose: .test)
    let draws = (0..<100_000).map { _ in Double(stream.normal()) }
    func moment(_ power: Int) -> Double { draws.reduce(0) { $0 + Elementary.power($1, power) } / Double(draws.count) }
    // Four deviations of each moment's mean.
    #expect(abs(moment(1)) < 0.013 && abs(moment(2) - 1) < 0.018 && abs(moment(3)) < 0.05 && abs(moment(4) - 3) < 0.13)
    #expect(draws.allSatisfy { $0.isFinite })
  }

  @Test func dropoutKeepsTheMean() {
    let y = mask().dropout(ones, rate: 0.2, team: ThreadTeam(threads: 2)).scalars
    #expect(y.allSatisfy { $0 == 0 || $0 == 1 / (1 - 0.2 as Float) })
    #expect(abs(Double(y.filter { $0 == 0 }.count) / 12_000 - 0.2) < 0.015)
    #expect(mask().dropout(ones, rate: 0, team: ThreadTeam(threads: 1)).scalars == ones.scalars)
  }

  @Test func corruptionTakesAllChannelsOfAPosition() {
    let y = mask().corrupted(ones, rate: 0.2, team: ThreadTeam(threads: 2)).scalars
    for position in 0..<4000 { #expect(Set(y[3 * position..<3 * position + 3]).count == 1) }
    #expect(y.allSatisfy { $0 == 0 || $0 == 1 })
    #expect(abs(Double(y.filter { $0 == 0 }.count) / 12_000 - 0.2) < 0.03)
    #expect(mask().corrupted(ones, rate: 0, team: ThreadTeam(threads: 1)).scalars == ones.scalars)
  }

  @Test func masksAreFunctionsOfSeedPassStepAndLayerAlone() {
    func drawn(_ mask: RandomMask, threads: Int = 2) -> [Float] {
      mask.dropout(ones, rate: 0.5, team: ThreadTeam(threads: threads)).scalars
    }
    let one = drawn(mask(), threads: 1)
    #expect(drawn(mask(), threads: 3) == one)
    for other in [mask(step: 1), mask(pass: 1), mask(layer: 1), mask(seed: 2)] { #expect(drawn(other) != one) }
  }

  @Test func layouts() {
    let team = ThreadTeam(threads: 2)
    let x = Tensor(shape: [2, 1, 2, 3], (0..<12).map { Float($0) })
    let flat = x.flattenedByChannel(team: team)
    #expect(flat.shape == [2, 6])
    #expect(flat.scalars == [0, 3, 1, 4, 2, 5, 6, 9, 7, 10, 8, 11])
    let back = flat.imagesByChannel(height: 1, width: 2, team: team)
    #expect(back.shape == x.shape && back.scalars == x.scalars)
    let (a, b) = (Tensor(shape: [2, 1], [1, 2]), Tensor(shape: [2, 2], [3, 4, 5, 6]))
    let both = Tensor(concatenating: [a, b], team: team)
    #expect(both.shape == [2, 3] && both.scalars == [1, 3, 4, 2, 5, 6])
    #expect(both.columns(1..<3, team: team).scalars == b.scalars)
    #expect(b.rows([1, 1, 0]).scalars == [5, 6, 5, 6, 3, 4])
    #expect(Tensor(addingRows: b.rows([1, 1, 0]), at: [1, 1, 0], shape: [2, 2]).scalars == [3, 4, 10, 12])
  }
}
