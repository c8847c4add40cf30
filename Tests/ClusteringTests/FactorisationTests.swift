import Clustering
import Tensors
import Testing

private let team = ThreadTeam(threads: 2)

/// Non-negative numbers, rows of unit length.
private func positive(_ rows: Int, _ columns: Int, seed: UInt64) -> Tensor {
  let values = TestPoints.cube(rows, dimensions: columns, seed: seed).scalars.map { ($0 + 1) / 2 }
  return Tensor(
    shape: [rows, columns],
    (0..<rows).flatMap { row in
      let own = values[row * columns..<(row + 1) * columns]
      let length = own.reduce(0) { $0 + $1 * $1 }.squareRoot()
      return own.map { $0 / length }
    })
}

private func method(_ clusters: Int, locality: Double, restarts: Int = 1, iterations: Int) -> MatrixFactorisation {
  MatrixFactorisation(clusters: clusters, locality: locality, neighbours: 5, restarts: restarts, iterations: iterations, tolerance: 0)
}

/// The objective as it is written, in Double.
private func objective(_ x: Tensor, _ factors: (parts: [Float], coefficients: [Float]), locality: Double) -> Double {
  let (n, d) = (x.shape[0], x.shape[1])
  let r = factors.coefficients.count / n
  var total = 0.0
  for i in 0..<n {
    for j in 0..<d {
      let value = Double(x.scalars[i * d + j])
      let y = (0..<r).reduce(0.0) { $0 + Double(factors.coefficients[i * r + $1]) * Double(factors.parts[$1 * d + j]) }
      total += (value > 0 ? value * Elementary.log(value / y) : 0) - value + y
    }
  }
  guard locality > 0 else { return total }
  let lists = NearestNeighbours(x, count: 5, team: team)
  let neighbours = (0..<n).map { i in Set(lists.indices[i * 5..<(i + 1) * 5].map { Int($0) }) }
  for i in 0..<n {
    for j in 0..<i where neighbours[i].contains(j) || neighbours[j].contains(i) {
      for c in 0..<r {
        let (a, b) = (Double(factors.coefficients[i * r + c]), Double(factors.coefficients[j * r + c]))
        total += locality * (a - b) * Elementary.log(a / b)
      }
    }
  }
  return total
}

struct FactorisationTests {
  @Test(arguments: [0, 1, 10, 100]) func everyIterationLowersTheObjective(locality: Double) throws {
    let x = positive(40, 20, seed: 3)
    var last = Double.infinity
    for iterations in 0...25 {
      let factors = try method(4, locality: locality, iterations: iterations).factorise(x, seed: 1, team: team) { _ in }
      // Fewer where nothing is left to be lowered.
      #expect(factors.iterations <= iterations && factors.factors.coefficients.allSatisfy { $0 > 0 })
      let value = objective(x, factors.factors, locality: locality)
      // What the program says of itself is in Float.
      #expect(abs(factors.objective - value) < 1e-5 * abs(value))
      // The equations of the graph are solved to a ten-thousandth, of which the objective sees the square.
      #expect(value <= last * (1 + 1e-6))
      last = value
    }
  }

  @Test func aLaplacianOfOneEdge() {
    let graph = NeighbourGraph([[(1, 1)], [(0, 1)]])
    let v = SharedArray<Float>(repeating: 0.2, count: 2)
    v[1] = 0.7
    #expect(abs(GraphSmoothing(graph, weight: 1, columns: 1).term(v) - 0.626381) < 1e-6)
  }

  @Test func smoothingSolvesItsEquations() {
    let graph = NeighbourGraph([[(1, 1), (2, 1)], [(0, 1)], [(0, 1)], []])
    let (b, v) = (SharedArray<Float>(repeating: 0, count: 8), SharedArray<Float>(repeating: 1, count: 8))
    for (place, value) in ([1, 5, 2, 6, 3, 7, 4, 8] as [Float]).enumerated() { b[place] = value }
    GraphSmoothing(graph, weight: 10, columns: 2).solve([1, 3], b, into: v, team: team)
    let laplacian: [[Float]] = [[2, -1, -1, 0], [-1, 1, 0, 0], [-1, 0, 1, 0], [0, 0, 0, 0]]
    for (c, shift) in [Float(1), 3].enumerated() {
      for i in 0..<4 {
        let sum = (0..<4).reduce(shift * v[i * 2 + c]) { $0 + 10 * laplacian[i][$1] * v[$1 * 2 + c] }
        #expect(abs(sum - b[i * 2 + c]) < 1e-4)
      }
    }
  }

  /// Lee and Seung's updates as they are written, in Double.
  @Test(arguments: [(7, 5, 2), (30, 33, 3), (65, 48, 5)]) func withoutGraphTheUpdatesAreLeeAndSeungs(n: Int, d: Int, r: Int) throws {
    let x = positive(n, d, seed: 8)
    let start = try method(r, locality: 0, iterations: 0).factorise(x, seed: 1, team: team) { _ in }.factors
    let found = try method(r, locality: 0, iterations: 3).factorise(x, seed: 1, team: team) { _ in }.factors
    var (u, v) = (start.parts.map { Double($0) }, start.coefficients.map { Double($0) })
    func ratio(_ i: Int, _ j: Int) -> Double {
      Double(x.scalars[i * d + j]) / (0..<r).reduce(0.0) { $0 + v[i * r + $1] * u[$1 * d + j] }
    }
    for _ in 0..<3 {
      let forV = (0..<n).flatMap { i in
        (0..<r).map { c in
          v[i * r + c] * (0..<d).reduce(0.0) { $0 + ratio(i, $1) * u[c * d + $1] } / (0..<d).reduce(0.0) { $0 + u[c * d + $1] }
        }
      }
      v = forV
      let forU = (0..<r).flatMap { c in
        (0..<d).map { j in
          u[c * d + j] * (0..<n).reduce(0.0) { $0 + ratio($1, j) * v[$1 * r + c] } / (0..<n).reduce(0.0) { $0 + v[$1 * r + c] }
        }
      }
      u = forU
    }
    #expect(zip(found.parts, u).allSatisfy { abs(Double($0) - $1) < 1e-5 })
    #expect(zip(found.coefficients, v).allSatisfy { abs(Double($0) - $1) < 1e-5 })
  }

  @Test(arguments: [0.0, 100]) func blackPicturesAndBordersAreNoObstacle(locality: Double) throws {
    // Every tenth picture is black, and the first and last three columns are.
    let x = positive(60, 20, seed: 2)
    let values = zip(x.scalars, 0...).map { ($1 / 20 % 10 == 0 || $1 % 20 < 3 || $1 % 20 > 16) ? 0 : $0 }
    let factors = try method(3, locality: locality, iterations: 40)
      .factorise(Tensor(shape: [60, 20], values), seed: 0, team: team) { _ in }
    #expect((factors.factors.parts + factors.factors.coefficients).allSatisfy { $0.isFinite && $0 >= 0 })
    #expect(factors.objective.isFinite)
    let black = try method(2, locality: locality, restarts: 2, iterations: 40).cluster(Tensor(zeros: [30, 6]), seed: 0, team: team) { _ in }
    #expect(black.assignments.allSatisfy { (0..<2).contains($0) })
  }

  /// Two kinds of pictures that share no pixel: what a part has of the other kind shrinks with every update.
  @Test func noNumberShrinksWithoutEnd() throws {
    let values = zip(positive(60, 20, seed: 5).scalars, 0...).map { ($1 / 20 < 30) == ($1 % 20 < 10) ? $0 : 0 }
    let factors = try method(2, locality: 0, iterations: 200)
      .factorise(Tensor(shape: [60, 20], values), seed: 0, team: team) { _ in }.factors
    let numbers = factors.parts + factors.coefficients
    #expect(numbers.contains(1e-18) && numbers.allSatisfy { $0 >= 1e-18 })
  }

  @Test func threadsDoNotMatter() throws {
    let x = positive(2100, 50, seed: 4)
    let results = try [1, 2, 5].map {
      try method(6, locality: 10, restarts: 2, iterations: 20).factorise(x, seed: 1, team: ThreadTeam(threads: $0)) { _ in }
    }
    for other in results.dropFirst() {
      #expect(other.factors == results[0].factors && other.objective == results[0].objective)
    }
  }

  @Test func negativeNumbersAreRefused() {
    #expect(throws: ClusteringError.negative(row: 0)) {
      try method(2, locality: 0, iterations: 5).cluster(oraclePoints, seed: 0, team: team) { _ in }
    }
  }

  @Test func whatProgressThrowsEndsTheWork() {
    struct Stop: Error {}
    #expect(throws: Stop.self) {
      try method(3, locality: 0, iterations: 5).cluster(positive(20, 5, seed: 1), seed: 0, team: team) { _ in throw Stop() }
    }
  }
}
