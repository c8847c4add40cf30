import DeepClustering
import Glibc
import Tensors
import Testing

@Suite("The loss of IIC")
struct MutualInformationTests {
  private func matrix(_ rows: [[Double]]) -> DoubleMatrix { DoubleMatrix(rows: rows.count, columns: rows[0].count, rows.flatMap { $0 }) }

  @Test("certain, equal and equally full: −ln K; saying nothing, or all in one: 0; a pair worked out in Double")
  func values() {
    let certain = matrix([[1, 0], [0, 1]])
    #expect(abs(mutualInformationLoss(certain, certain).value + log(2)) < 1e-12)
    let nothing = matrix([[0.5, 0.5], [0.5, 0.5]])
    #expect(abs(mutualInformationLoss(nothing, nothing).value) < 1e-12)
    let collapsed = matrix([[1, 0], [1, 0]])
    let loss = mutualInformationLoss(collapsed, collapsed)
    #expect(abs(loss.value) < 1e-12 && (loss.originals.values + loss.augmented.values).allSatisfy(\.isFinite))
    let (p, q) = (matrix([[0.8, 0.2], [0.3, 0.7]]), matrix([[0.6, 0.4], [0.1, 0.9]]))
    #expect(abs(mutualInformationLoss(p, q).value + 0.022616) < 1e-6)
    // Two copies of the same say what one says.
    #expect(abs(mutualInformationLoss(p, matrix([[0.6, 0.4], [0.1, 0.9], [0.6, 0.4], [0.1, 0.9]])).value + 0.022616) < 1e-6)
  }

  @Test("renaming the clusters of both changes nothing")
  func renamed() {
    let (p, q) = (random(5, 4, 1), random(10, 4, 2))
    func turned(_ m: DoubleMatrix) -> DoubleMatrix { matrix((0..<m.rows).map { row in [2, 0, 3, 1].map { m[row, $0] } }) }
    #expect(abs(mutualInformationLoss(p, q).value - mutualInformationLoss(turned(p), turned(q)).value) < 1e-12)
  }

  @Test("gradients are central differences", arguments: [1, 1.5])
  func gradients(lambda: Double) {
    let (p, q) = (random(5, 4, 1), random(10, 4, 2))
    let loss = mutualInformationLoss(p, q, lambda: lambda)
    let step = 1e-6
    func difference(_ change: (Double) -> Double) -> Double { (change(step) - change(-step)) / (2 * step) }
    for at in p.values.indices {
      let expected = difference { by in
        var moved = p
        moved.values[at] += by
        return mutualInformationLoss(moved, q, lambda: lambda).value
      }
      #expect(abs(loss.originals.values[at] - expected) < 1e-8)
    }
    for at in q.values.indices {
      let expected = difference { by in
        var moved = q
        moved.values[at] += by
        return mutualInformationLoss(p, moved, lambda: lambda).value
      }
      #expect(abs(loss.augmented.values[at] - expected) < 1e-8)
    }
  }

  private func random(_ rows: Int, _ columns: Int, _ item: Int) -> DoubleMatrix {
    var stream = RandomStream(seed: 4, purpose: .test, item: item)
    return matrix(
      (0..<rows).map { _ in
        let row = (0..<columns).map { _ in Double(stream.uniform(0.05, 1)) }
        return row.map { $0 / row.reduce(0, +) }
      })
  }
}
