import Clustering
import Tensors
import Testing

private let team = ThreadTeam(threads: 2)

struct NearestNeighboursTests {
  @Test func agreeWithScikitLearn() {
    let found = NearestNeighbours(oraclePoints, count: 3, team: team)
    let expected: [[Int32]] = [
      [11, 7, 4], [3, 10, 6], [3, 10, 1], [1, 10, 2], [11, 6, 0], [4, 0, 6], [4, 8, 1], [11, 0, 4], [6, 1, 4], [2, 10, 3], [1, 3, 2],
      [7, 0, 4],
    ]
    #expect(found.indices == expected.flatMap { $0 })
    let squares: [Float] = [0.6781, 1.381, 3.1863, 3.7676, 4.221, 7.2922, 10.5637, 11.7707, 22.3323]
    // The oracle's values are rounded to four digits.
    #expect(zip(found.squares, squares).allSatisfy { abs($0 - $1) < 1e-4 })
  }

  /// Row counts off every block size; the distances of the found neighbours are the least there are.
  @Test(arguments: [(5, 1), (130, 7), (2100, 50), (4500, 3), (2100, 600), (300, 1000), (5, 513)])
  func areTheNearest(rows: Int, dimensions: Int) {
    let x = TestPoints.cube(rows, dimensions: dimensions, seed: UInt64(rows))
    let count = min(4, rows - 1)
    let found = NearestNeighbours(x, count: count, team: team)
    let values = x.scalars.map { Double($0) }
    for i in stride(from: 0, to: rows, by: max(1, rows / 40)) {
      let squares = (0..<rows).map { j in
        (0..<dimensions).reduce(0.0) {
          let difference = values[i * dimensions + $1] - values[j * dimensions + $1]
          return $0 + difference * difference
        }
      }
      let nearest = (0..<rows).filter { $0 != i }.map { squares[$0] }.sorted().prefix(count)
      let own = found.indices[i * count..<(i + 1) * count]
      #expect(!own.contains(Int32(i)) && Set(own).count == count)
      // A Float product of centred rows can take the later of two distances that differ by 1e-6 of the cube's diameter.
      #expect(zip(own, nearest).allSatisfy { abs(squares[Int($0)] - $1) < 1e-5 * Double(dimensions) })
    }
  }

  /// Groups far apart of rows that differ by less than products in Float can tell: every distance is within a thousandth of the true one of its rank.
  @Test(arguments: [2, 50, 128])
  func areTheNearestInTightGroups(dimensions: Int) {
    let (rows, count) = (600, 5)
    let (places, offsets) = (
      TestPoints.cube(3, dimensions: dimensions, seed: 1).scalars, TestPoints.cube(rows, dimensions: dimensions, seed: 2).scalars
    )
    let values = (0..<rows * dimensions).map { at in
      20 * places[at / dimensions % 3 * dimensions + at % dimensions] + 0.01 * offsets[at]
    }
    let found = NearestNeighbours(Tensor(shape: [rows, dimensions], values), count: count, team: team)
    for i in stride(from: 0, to: rows, by: 7) {
      let squares = (0..<rows).map { j in
        (0..<dimensions).reduce(0.0) {
          let difference = Double(values[i * dimensions + $1]) - Double(values[j * dimensions + $1])
          return $0 + difference * difference
        }
      }
      let nearest = (0..<rows).filter { $0 != i }.map { squares[$0] }.sorted().prefix(count)
      let own = found.indices[i * count..<(i + 1) * count]
      #expect(!own.contains(Int32(i)) && Set(own).count == count)
      #expect(zip(own, nearest).allSatisfy { squares[Int($0)] < 1.001 * $1 + 1e-9 }, "row \(i)")
    }
  }

  /// More copies than are kept without a look at them.
  @Test func copiesAreTakenInTheirOrder() {
    let x = Tensor(shape: [300, 3], (0..<900).map { $0 < 30 ? Float($0) : 7 })
    let found = NearestNeighbours(x, count: 4, team: team)
    #expect(Array(found.indices[200 * 4..<201 * 4]) == [10, 11, 12, 13] && found.squares[800..<804].allSatisfy { $0 == 0 })
  }

  @Test func tiesGoToTheLowerNumber() {
    let x = Tensor(shape: [5, 1], [0, 1, -1, 1, -1])
    #expect(Array(NearestNeighbours(x, count: 3, team: team).indices.prefix(3)) == [1, 2, 3])
  }

  @Test func threadsDoNotMatter() {
    let x = TestPoints.cube(700, dimensions: 20, seed: 5)
    let (a, b) = (
      NearestNeighbours(x, count: 10, team: ThreadTeam(threads: 1)), NearestNeighbours(x, count: 10, team: ThreadTeam(threads: 3))
    )
    #expect(a.indices == b.indices && a.squares == b.squares)
  }
}

struct PrincipalComponentsTests {
  @Test func agreeWithScikitLearn() {
    let expected: [Float] = [
      1.940007, 1.811776, -0.312567, -0.286102, -0.978248, -1.755501, -0.295831, -0.065782, -3.844385, 2.001102, -0.32875, -0.13215,
      -1.55656,
      -0.138426, -1.195471, -0.159962, 1.946435, 0.207957, 0.391902, 0.057038, 7.522995, -0.305249, 1.112458, -0.212958, 1.532327,
      -1.126308,
      -0.320675, 0.704096, 0.912552, 1.859532, -0.273203, 0.280913, 1.719923, -2.859085, -0.751107, -0.246073, -8.401278, -0.666026,
      0.933046,
      -0.028098, -2.114627, -0.642219, 1.001937, 0.01194, 1.320859, 1.612445, 0.03826, 0.077138,
    ]
    let found = PrincipalComponents.project(oraclePoints, to: 4, team: team)
    #expect(found.shape == [12, 4])
    // Products in Float of numbers up to 17.
    #expect(zip(found.scalars, expected).allSatisfy { abs($0 - $1) < 2e-5 })
  }

  @Test func fewerComponentsAreTheFirstOnes() {
    let x = TestPoints.cube(90, dimensions: 70, seed: 1)
    let (all, some) = (PrincipalComponents.project(x, to: 100, team: team), PrincipalComponents.project(x, to: 3, team: team))
    #expect(all.shape == [90, 70] && some.shape == [90, 3])
    for i in 0..<90 { for j in 0..<3 { #expect(abs(all.scalars[i * 70 + j] - some.scalars[i * 3 + j]) < 1e-4) } }
  }

  @Test func threadsDoNotMatter() {
    let x = TestPoints.cube(300, dimensions: 60, seed: 5)
    let (a, b) = ([1, 3].map { PrincipalComponents.project(x, to: 50, team: ThreadTeam(threads: $0)).scalars }).pair
    #expect(a == b)
  }
}

extension Array {
  fileprivate var pair: (Element, Element) { (self[0], self[1]) }
}
