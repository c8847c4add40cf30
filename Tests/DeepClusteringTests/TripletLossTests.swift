import DeepClustering
import Tensors
import Testing

@Suite("JULE's triplets and their loss")
struct TripletLossTests {
  private static func drawn(_ labels: [Int32], negatives: Int, seed: UInt64 = 1) -> Triplets {
    var random = RandomStream(seed: seed, purpose: .test)
    return Triplets.drawn(labels, negatives: negatives, random: &random)
  }

  @Test("every pair of a cluster once, with different images of other clusters")
  func pairs() {
    let labels: [Int32] = [0, 1, 0, 2, 0, 1, 3, 3]
    let triplets = Self.drawn(labels, negatives: 3)
    #expect(triplets.count == (3 + 1 + 1) * 3)
    var perPair: [[Int]: Set<Int>] = [:]
    for t in 0..<triplets.count {
      let (a, p, n) = (triplets.anchors[t], triplets.positives[t], triplets.negatives[t])
      #expect(a < p && labels[a] == labels[p] && labels[a] != labels[n])
      perPair[[a, p], default: []].insert(n)
    }
    #expect(perPair.count == 5 && perPair.values.allSatisfy { $0.count == 3 })
  }

  @Test("fewer others than asked for: all of them; none, and no pair: no triplet")
  func few() {
    #expect(Self.drawn([0, 0, 1, 2], negatives: 20).count == 2)
    #expect(Self.drawn([0, 0, 0], negatives: 20).count == 0)
    #expect(Self.drawn([0, 1, 2], negatives: 20).count == 0)
  }

  @Test("0 where margins hold; without triplets no slope")
  func zero() {
    let x = DoubleMatrix(rows: 3, columns: 1, [0, 0.1, 1])
    var triplets = Triplets()
    #expect(tripletLoss(x, triplets, positiveWeight: 1, margin: 0.2).value == 0)
    triplets.add(anchor: 0, positive: 1, negative: 2)
    let held = tripletLoss(x, triplets, positiveWeight: 1, margin: 0.2)
    #expect(held.value == 0 && held.gradient.values == [0, 0, 0])
    // 0.01 − 1 + 1.2
    #expect(abs(tripletLoss(x, triplets, positiveWeight: 1, margin: 1.2).value - 0.21) < 1e-12)
  }

  @Test("what is not a number is told")
  func notANumber() {
    var triplets = Triplets()
    triplets.add(anchor: 0, positive: 1, negative: 2)
    #expect(tripletLoss(DoubleMatrix(rows: 3, columns: 1, [0, .nan, 1]), triplets, positiveWeight: 1, margin: 0.2).value.isNaN)
  }

  @Test("gradient agrees with central differences", arguments: [1, 1.7])
  func gradient(positiveWeight: Double) {
    var x = TargetDistributionTests.random(9, 4, seed: 8)
    let triplets = Self.drawn([0, 1, 0, 2, 0, 1, 2, 1, 3], negatives: 4)
    let loss = tripletLoss(x, triplets, positiveWeight: positiveWeight, margin: 2)
    #expect(loss.value > 0)
    let step = 1e-6
    for at in x.values.indices {
      let middle = x.values[at]
      x.values[at] = middle + step
      let above = tripletLoss(x, triplets, positiveWeight: positiveWeight, margin: 2).value
      x.values[at] = middle - step
      let below = tripletLoss(x, triplets, positiveWeight: positiveWeight, margin: 2).value
      #expect(abs((above - below) / (2 * step) - loss.gradient.values[at]) < 1e-6)
      x.values[at] = middle
    }
  }
}
