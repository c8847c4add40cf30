/// The assignment problem, by shortest augmenting paths (Jonker & Volgenant 1987, as Crouse 2016 tells it); O(n³) at most, and far less where
/// most gains are equal, as in a table of many clusters with few images each.
public enum Hungarian {
  /// - Parameter gain: [n][n], what it brings to give row i column j.
  /// - Returns: the column of each row under the one-to-one map of largest total gain.
  public static func maximise(_ gain: [[Int]]) -> [Int] {
    let n = gain.count
    precondition(gain.allSatisfy { $0.count == n }, "the gains must be a square matrix")
    let top = gain.lazy.compactMap { $0.max() }.max() ?? 0
    let costs = gain.flatMap { row in row.map { top - $0 } }
    var columns = [Int](repeating: -1, count: n)
    costs.withUnsafeBufferPointer { costs in
      var search = ShortestPaths(costs, n)
      for row in 0..<n { search.assign(row, &columns) }
    }
    return columns
  }
}

/// Dijkstra's search for the cheapest way to give one more row a column, by moving others if need be.
private struct ShortestPaths {
  private let costs: UnsafeBufferPointer<Int>
  private let n: Int
  /// Potentials: costs less both are at least 0, and 0 where a row has its column.
  private var rowPotentials, columnPotentials: [Int]
  /// The row of each column, −1 for none.
  private var rows: [Int]
  /// Of each column: the length of the shortest path found, and the row it comes from.
  private var lengths, origins: [Int]

  init(_ costs: UnsafeBufferPointer<Int>, _ n: Int) {
    self.costs = costs
    self.n = n
    rowPotentials = Array(repeating: 0, count: n)
    columnPotentials = rowPotentials
    rows = Array(repeating: -1, count: n)
    lengths = rows
    origins = rows
  }

  mutating func assign(_ start: Int, _ columns: inout [Int]) {
    for column in 0..<n { lengths[column] = .max }
    var open = Array(0..<n)
    var (row, length) = (start, 0)
    // Columns on the tree, in the order in which they joined it; all but the last have a row.
    var reached: [Int] = []
    while true {
      var (least, place) = (Int.max, 0)
      for at in open.indices {
        let column = open[at]
        let through = length + costs[row * n + column] - rowPotentials[row] - columnPotentials[column]
        if through < lengths[column] { (lengths[column], origins[column]) = (through, row) }
        // Among equals a free column ends the search at once.
        if lengths[column] < least || (lengths[column] == least && rows[column] < 0 && rows[open[place]] >= 0) {
          (least, place) = (lengths[column], at)
        }
      }
      length = least
      let column = open.remove(at: place)
      reached.append(column)
      if rows[column] < 0 { break }
      row = rows[column]
    }
    rowPotentials[start] += length
    for column in reached.dropLast() {
      rowPotentials[rows[column]] += length - lengths[column]
      columnPotentials[column] -= length - lengths[column]
    }
    var column = reached[reached.count - 1]
    repeat {
      let row = origins[column]
      rows[column] = row
      swap(&columns[row], &column)
      if row == start { break }
    } while true
  }
}
