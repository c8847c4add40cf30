import DeepClustering
import Glibc
import Tensors
import Testing

/// The values worked out by hand or in Double by an independent script.
private let printed = 1e-6  // oracle values are given with six decimals
private let exactly = 1e-12  // rounding of a few Double operations

private func temperature(_ value: Double) -> ContrastTemperature { ContrastTemperature(value, inside: true) }

private func matrix(_ rows: [[Double]]) -> DoubleMatrix { DoubleMatrix(rows: rows.count, columns: rows[0].count, rows.flatMap { $0 }) }

/// n rows over c clusters, every cluster equally often, in turn.
private func balanced(_ n: Int, _ c: Int) -> DoubleMatrix {
  matrix((0..<n).map { row in (0..<c).map { $0 == row % c ? 1 : 0 } })
}

private func tiled(_ m: DoubleMatrix, _ copies: Int) -> DoubleMatrix {
  DoubleMatrix(rows: m.rows * copies, columns: m.columns, (0..<copies).flatMap { _ in m.values })
}

private let uniform = DoubleMatrix(rows: 6, columns: 3, [Double](repeating: 1.0 / 3, count: 18))
private let oneHot = matrix([[1, 0], [1, 0], [0, 1], [0, 1]])
private let collapsed = matrix([[1, 0], [1, 0], [1, 0], [1, 0]])

@Suite("Loss values")
struct LossValueTests {
  @Test("uniform assignments: ln N, ln C, balanced")
  func uniformAssignments() {
    #expect(abs(instanceRepresentationLoss(uniform, uniform, temperature: temperature(0.5)).value - log(6)) < exactly)
    #expect(abs(clusterRepresentationLoss(uniform, uniform, temperature: temperature(0.5)).value - log(3)) < exactly)
    #expect(abs(balanceLoss(uniform).value) < exactly)
  }

  @Test("balanced one-hot assignments")
  func oneHotAssignments() {
    #expect(abs(instanceRepresentationLoss(oneHot, oneHot, temperature: temperature(0.5)).value - 0.820075) < printed)
    #expect(abs(clusterRepresentationLoss(oneHot, oneHot, temperature: temperature(0.5)).value - 0.126928) < printed)
    #expect(abs(balanceLoss(oneHot).value) < exactly)
    #expect(relationLoss(oneHot, oneHot, reduction: .sum).value == 0)
  }

  @Test("the printed form of equations 2 and 4, where the temperature cancels", arguments: [0.1, 0.5, 2])
  func temperatureOutside(tau: Double) {
    let outside = ContrastTemperature(tau, inside: false)
    #expect(abs(instanceRepresentationLoss(oneHot, oneHot, temperature: outside).value - 1.006409) < printed)
    #expect(abs(clusterRepresentationLoss(oneHot, oneHot, temperature: outside).value - 0.313262) < printed)
  }

  @Test("everything in one cluster: finite values and gradients")
  func collapse() {
    let instance = instanceRepresentationLoss(collapsed, collapsed, temperature: temperature(0.5))
    let cluster = clusterRepresentationLoss(collapsed, collapsed, temperature: temperature(0.5))
    let relation = relationLoss(collapsed, collapsed, reduction: .sum)
    let balance = balanceLoss(collapsed)
    #expect(abs(instance.value - log(4)) < exactly)
    #expect(abs(cluster.value - 0.410038) < printed)
    #expect(abs(balance.value - log(2)) < exactly)
    #expect(relation.value == 0)
    for loss in [instance, cluster, relation] {
      #expect((loss.originals.values + loss.augmented.values).allSatisfy { $0.isFinite })
    }
    #expect(balance.gradient.values.allSatisfy { $0.isFinite })
  }

  @Test("right angle against equilateral triangle", arguments: zip(RelationReduction.allCases, [0.088312, 0.0588745, 0.029437]))
  func triangles(reduction: RelationReduction, expected: Double) {
    let right = matrix([[0, 0], [1, 0], [0, 1]])
    let equilateral = matrix([[0, 0], [1, 0], [0.5, 0.75.squareRoot()]])
    #expect(abs(relationLoss(right, equilateral, reduction: reduction).value - expected) < printed)
    // The mean over copies: one distorted, one equal.
    let both = DoubleMatrix(rows: 6, columns: 2, equilateral.values + right.values)
    #expect(abs(relationLoss(right, both, reduction: reduction).value - expected / 2) < printed)
  }

  @Test(
    "floors: balanced one-hot assignments",
    arguments: [
      (50, 10, 1, 2.406052, 0.796614), (50, 10, 3, 3.504665, 0.796614), (200, 20, 1, 3.575534, 1.272949), (350, 200, 1, nil, 3.329763),
      (256, 128, 1, nil, 2.900739),
    ])
  func floors(n: Int, c: Int, copies: Int, instance: Double?, cluster: Double) {
    let p = balanced(n, c)
    if let instance {
      #expect(abs(instanceRepresentationLoss(p, tiled(p, copies), temperature: temperature(0.5)).value - instance) < printed)
    }
    // Unequal columns have equal directions: the cluster loss has its floor at any counts.
    #expect(abs(clusterRepresentationLoss(p, tiled(p, copies), temperature: temperature(0.5)).value - cluster) < printed)
  }

  @Test("the instance floor where every cosine with another image is 0", arguments: [(50, 128), (350, 700)])
  func instanceFloor(n: Int, c: Int) {
    let apart = balanced(n, c)
    let expected = log(1 + Double(n - 1) * exp(-2))
    #expect(abs(instanceRepresentationLoss(apart, apart, temperature: temperature(0.5)).value - expected) < exactly)
  }

  @Test("temperature 1 is the loss of PICA", arguments: [(4, 2, 0.313262), (20, 10, 1.461150), (140, 70, 3.272746)])
  func pica(n: Int, c: Int, expected: Double) {
    let p = balanced(n, c)
    #expect(abs(clusterRepresentationLoss(p, p, temperature: temperature(1)).value - expected) < printed)
  }
}

@Suite("Loss laws")
struct LossLawTests {
  private let p = randomAssignments(rows: 7, columns: 5, item: 1)

  @Test("relations ignore column order and scale")
  func isometries() {
    let order = [3, 0, 4, 1, 2]
    let permuted = matrix((0..<7).map { row in order.map { p[row, $0] } })
    #expect(relationLoss(p, permuted, reduction: .sum).value < exactly)
    let shrunk = DoubleMatrix(rows: 7, columns: 5, p.values.map { $0 * 0.25 })
    #expect(relationLoss(p, shrunk, reduction: .sum).value < exactly)
    #expect(relationLoss(p, randomAssignments(rows: 7, columns: 5, item: 2), reduction: .sum).value > 0.1)
    // What relations ignore, the contrasts do not.
    for loss in [instanceRepresentationLoss, clusterRepresentationLoss] {
      #expect(loss(p, permuted, temperature(0.5)).value > loss(p, p, temperature(0.5)).value + 0.1)
    }
  }

  @Test("the order of the images in the batch changes nothing")
  func imageOrder() {
    let q = randomAssignments(rows: 7, columns: 5, item: 2)
    let order = [6, 2, 0, 5, 1, 3, 4]
    func permuted(_ m: DoubleMatrix) -> DoubleMatrix { matrix(order.map { row in (0..<5).map { m[row, $0] } }) }
    let loss = fullLoss(.sum)
    let (a, b) = (loss.evaluate(p, q), loss.evaluate(permuted(p), permuted(q)))
    #expect(abs(a.terms.total - b.terms.total) < exactly)
  }

  @Test("a weight of 0 removes its term and nothing else; α = 0 is DCDC's loss")
  func weights() throws {
    let q = randomAssignments(rows: 14, columns: 5, item: 3)
    let dcdc = CCRLoss(
      temperature: 0.5, temperatureInside: true, instanceWeight: 1, clusterWeight: 1, relationWeight: 0, relationReduction: .sum,
      balanceWeight: 1
    ).evaluate(p, q)
    #expect(dcdc.terms.relation == 0)
    let instance = instanceRepresentationLoss(p, q, temperature: temperature(0.5))
    let cluster = clusterRepresentationLoss(p, q, temperature: temperature(0.5))
    let balance = balanceLoss(p)
    #expect(dcdc.terms.total == instance.value + cluster.value + balance.value)
    let sum = p.values.indices.map { instance.originals.values[$0] + cluster.originals.values[$0] + balance.gradient.values[$0] }
    #expect(dcdc.originals.values == sum)

    let all = fullLoss(.sum).evaluate(p, q)
    let relation = relationLoss(p, q, reduction: .sum)
    #expect(all.terms.instance == instance.value && all.terms.cluster == cluster.value)
    #expect(all.terms.relation == relation.value && all.terms.balance == balance.value)
    #expect(abs(all.terms.total - dcdc.terms.total - 0.004 * relation.value) < exactly)
  }

  @Test("three copies at once equal the definition, which tiles the originals")
  func tiling() {
    let q = randomAssignments(rows: 21, columns: 5, item: 4)
    let tiledP = tiled(p, 3)
    for loss in [instanceRepresentationLoss, clusterRepresentationLoss] {
      let direct = loss(tiledP, q, temperature(0.5))
      let folded = loss(p, q, temperature(0.5))
      #expect(abs(direct.value - folded.value) < exactly)
      #expect(difference(direct.augmented, folded.augmented) < exactly)
      var summed = DoubleMatrix(zeros: 7, 5)
      for row in 0..<21 { for column in 0..<5 { summed[row % 7, column] += direct.originals[row, column] } }
      #expect(difference(summed, folded.originals) < exactly)
    }
  }
}

@Suite("Loss gradients against central differences")
struct LossGradientTests {
  private let step = 1e-6
  private let tolerance = 1e-6  // truncation h² and cancellation ε/h of a central difference, relative to the largest slope

  @Test("every reduction, ordinary rows", arguments: RelationReduction.allCases)
  func ordinary(reduction: RelationReduction) {
    let (p, q) = (randomAssignments(rows: 6, columns: 4, item: 5), randomAssignments(rows: 12, columns: 4, item: 6))
    check(fullLoss(reduction, relationWeight: 1), p, q)
  }

  @Test("every loss alone, odd sizes", arguments: 0..<4)
  func alone(term: Int) {
    let weights = (0..<4).map { $0 == term ? 1.0 : 0 }
    let loss = CCRLoss(
      temperature: 0.5, temperatureInside: true, instanceWeight: weights[0], clusterWeight: weights[1], relationWeight: weights[2],
      relationReduction: .sum, balanceWeight: weights[3])
    check(loss, randomAssignments(rows: 5, columns: 19, item: 7), randomAssignments(rows: 15, columns: 19, item: 8))
  }

  @Test("two images with the same assignment: no slope between them, the others as ever")
  func duplicatedRows() {
    var p = randomAssignments(rows: 6, columns: 4, item: 9)
    for column in 0..<4 { p[4, column] = p[1, column] }
    let q = randomAssignments(rows: 18, columns: 4, item: 10)
    let evaluation = fullLoss(.sum).evaluate(p, q)
    #expect((evaluation.originals.values + evaluation.augmented.values).allSatisfy { $0.isFinite })
    check(fullLoss(.sum, relationWeight: 1), p, q, skippingRows: [1, 4])
  }

  @Test("a cluster nobody is in")
  func emptyColumn() {
    var p = randomAssignments(rows: 6, columns: 4, item: 11)
    for row in 0..<6 { p[row, 2] = 0 }
    let q = randomAssignments(rows: 6, columns: 4, item: 12)
    let evaluation = fullLoss(.sum).evaluate(p, q)
    #expect(evaluation.terms.total.isFinite)
    #expect((evaluation.originals.values + evaluation.augmented.values).allSatisfy { $0.isFinite })
    check(fullLoss(.sum), p, q, skippingColumns: [2])
  }

  private func check(
    _ loss: CCRLoss, _ p: DoubleMatrix, _ q: DoubleMatrix, skippingRows: Set<Int> = [], skippingColumns: Set<Int> = [],
    location: SourceLocation = #_sourceLocation
  ) {
    let evaluation = loss.evaluate(p, q)
    func compare(_ point: DoubleMatrix, _ gradient: DoubleMatrix, _ name: String, _ value: (DoubleMatrix) -> Double) {
      let checked = point.values.indices.filter { !skippingColumns.contains($0 % point.columns) }
      let scale = checked.reduce(1e-3) { max($0, abs(gradient.values[$1])) }
      for at in checked where name != "P" || !skippingRows.contains(at / point.columns) {
        var (up, down) = (point, point)
        up.values[at] += step
        down.values[at] -= step
        let slope = (value(up) - value(down)) / (2 * step)
        #expect(abs(slope - gradient.values[at]) < tolerance * scale, "\(name) element \(at)", sourceLocation: location)
      }
    }
    compare(p, evaluation.originals, "P") { loss.evaluate($0, q).terms.total }
    compare(q, evaluation.augmented, "P′") { loss.evaluate(p, $0).terms.total }
  }
}

/// All four terms.
private func fullLoss(_ reduction: RelationReduction, relationWeight: Double = 0.004) -> CCRLoss {
  CCRLoss(
    temperature: 0.5, temperatureInside: true, instanceWeight: 1, clusterWeight: 1, relationWeight: relationWeight,
    relationReduction: reduction, balanceWeight: 1)
}

/// Rows that sum to 1, between near-uniform and near-certain.
private func randomAssignments(rows: Int, columns: Int, item: Int) -> DoubleMatrix {
  var random = RandomStream(seed: 20_230_901, purpose: .test, item: item)
  return matrix(
    (0..<rows).map { _ in
      let powers = (0..<columns).map { _ in exp(Double(random.uniform(-2, 2))) }
      let sum = powers.reduce(0, +)
      return powers.map { $0 / sum }
    })
}

private func difference(_ a: DoubleMatrix, _ b: DoubleMatrix) -> Double {
  zip(a.values, b.values).reduce(0) { max($0, abs($1.0 - $1.1)) }
}
