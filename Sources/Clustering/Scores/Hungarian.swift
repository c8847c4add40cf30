/// The assignment problem, by shortest augmenting paths (Jonker & Volgenant 1987); O(n³).
public enum Hungarian {
  /// - Parameter gain: [n][n], what it brings to give row i column j.
  /// - Returns: the column of each row under the one-to-one map of largest total gain.
  public static func maximise(_ gain: [[Int]]) -> [Int] {
    let n = gain.count
    precondition(gain.allSatisfy { $0.count == n }, "the gains must be a square matrix")
    let top = gain.flatMap { $0 }.max() ?? 0
    // Rows and columns count from 1; 0 is the artificial start.
    var (u, v) = ([Int](repeating: 0, count: n + 1), [Int](repeating: 0, count: n + 1))
    var rowOf = [Int](repeating: 0, count: n + 1)
    for row in 1..<max(n + 1, 1) {
      rowOf[0] = row
      var column = 0
      var least = [Int](repeating: .max, count: n + 1)
      var previous = [Int](repeating: 0, count: n + 1)
      var used = [Bool](repeating: false, count: n + 1)
      repeat {
        used[column] = true
        let i = rowOf[column]
        var (delta, next) = (Int.max, 0)
        for j in 1...n where !used[j] {
          let reduced = top - gain[i - 1][j - 1] - u[i] - v[j]
          if reduced < least[j] { (least[j], previous[j]) = (reduced, column) }
          if least[j] < delta { (delta, next) = (least[j], j) }
        }
        for j in 0...n {
          if used[j] {
            u[rowOf[j]] += delta
            v[j] -= delta
          } else {
            least[j] -= delta
          }
        }
        column = next
      } while rowOf[column] != 0
      repeat {
        rowOf[column] = rowOf[previous[column]]
        column = previous[column]
      } while column != 0
    }
    var columns = [Int](repeating: 0, count: n)
    for column in 1..<max(n + 1, 1) { columns[rowOf[column] - 1] = column - 1 }
    return columns
  }
}
