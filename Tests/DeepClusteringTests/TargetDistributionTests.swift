import DeepClustering
import Tensors
import Testing

@Suite("DEC's assignments, targets and divergence")
struct TargetDistributionTests {
  private static let z = DoubleMatrix(rows: 2, columns: 1, [0, 2])

  @Test func knownValues() {
    let q = TargetDistribution.assignments(Self.z, centres: Self.z)
    let p = TargetDistribution.targets(q)
    for (found, expected) in zip(q.values, [5.0 / 6, 1.0 / 6, 1.0 / 6, 5.0 / 6]) { #expect(abs(found - expected) < 1e-12) }
    for (found, expected) in zip(p.values, [25.0 / 26, 1.0 / 26, 1.0 / 26, 25.0 / 26]) { #expect(abs(found - expected) < 1e-12) }
    let loss = TargetDistribution.divergence(Self.z, centres: Self.z, targets: p)
    #expect(abs(2 * loss.value - 0.162399) < 1e-6)
    #expect(abs(2 * loss.codes[0, 0] - 0.102564) < 1e-6 && abs(2 * loss.codes[1, 0] + 0.102564) < 1e-6)
    #expect(abs(2 * loss.centres[0, 0] - 0.102564) < 1e-6 && abs(2 * loss.centres[1, 0] + 0.102564) < 1e-6)
  }

  @Test func ofOneImageTargetsAreAssignments() {
    let q = TargetDistribution.assignments(DoubleMatrix(rows: 1, columns: 2, [0.3, -1]), centres: Self.random(4, 2, seed: 1))
    let p = TargetDistribution.targets(q)
    for (a, b) in zip(p.values, q.values) { #expect(abs(a - b) < 1e-12) }
  }

  @Test("frequencies are those of the whole data set: a batch's own would give other targets")
  func globalFrequencies() {
    let q = TargetDistribution.assignments(Self.random(40, 3, seed: 2), centres: Self.random(4, 3, seed: 3))
    let all = TargetDistribution.targets(q)
    let some = TargetDistribution.targets(DoubleMatrix(rows: 5, columns: 4, Array(q.values[..<20])))
    #expect(zip(all.values, some.values).contains { abs($0 - $1) > 0.01 })
    for row in 0..<40 { #expect(abs((0..<4).reduce(0) { $0 + all[row, $1] } - 1) < 1e-12) }
  }

  @Test("gradients agree with central differences")
  func gradients() {
    var (z, m) = (Self.random(7, 3, seed: 4), Self.random(4, 3, seed: 5))
    let targets = TargetDistribution.targets(TargetDistribution.assignments(Self.random(7, 3, seed: 6), centres: m))
    func value() -> Double { TargetDistribution.divergence(z, centres: m, targets: targets).value }
    let loss = TargetDistribution.divergence(z, centres: m, targets: targets)
    let step = 1e-5
    for at in z.values.indices {
      let middle = z.values[at]
      z.values[at] = middle + step
      let above = value()
      z.values[at] = middle - step
      #expect(abs((above - value()) / (2 * step) - loss.codes.values[at]) < 1e-8)
      z.values[at] = middle
    }
    for at in m.values.indices {
      let middle = m.values[at]
      m.values[at] = middle + step
      let above = value()
      m.values[at] = middle - step
      #expect(abs((above - value()) / (2 * step) - loss.centres.values[at]) < 1e-8)
      m.values[at] = middle
    }
  }

  @Test("all codes on one centre: targets are the assignments, no slope and no trap")
  func collapse() {
    let z = DoubleMatrix(rows: 6, columns: 2, [Double](repeating: 1, count: 12))
    let centres = DoubleMatrix(rows: 3, columns: 2, [1, 1, 5, 5, -5, 5])
    let q = TargetDistribution.assignments(z, centres: centres)
    let loss = TargetDistribution.divergence(z, centres: centres, targets: q)
    #expect(abs(loss.value) < 1e-12 && loss.codes.values.allSatisfy { abs($0) < 1e-12 })
    #expect(TargetDistribution.targets(q).values.allSatisfy { $0.isFinite })
  }

  @Test("codes far from every centre keep finite assignments")
  func far() {
    let z = DoubleMatrix(rows: 2, columns: 2, [1e150, 0, -1e150, 1])
    let centres = Self.random(3, 2, seed: 7)
    let q = TargetDistribution.assignments(z, centres: centres)
    #expect(q.values.allSatisfy { abs($0 - 1.0 / 3) < 1e-9 })
    #expect(TargetDistribution.divergence(z, centres: centres, targets: TargetDistribution.targets(q)).value.isFinite)
  }

  static func random(_ rows: Int, _ columns: Int, seed: UInt64) -> DoubleMatrix {
    var stream = RandomStream(seed: seed, purpose: .test)
    return DoubleMatrix(rows: rows, columns: columns, (0..<rows * columns).map { _ in Double(stream.uniform(-2, 2)) })
  }
}
