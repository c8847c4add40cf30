import Tensors

/// Which rows are copies of others: images that are all black, or entered twice.
package struct DistinctRows: Sendable {
  /// The first row of each kind, ascending.
  package let first: [Int32]
  /// For each row the position in `first` of the row it equals.
  package let kind: [Int32]

  /// - Parameter x: [n, D]
  package init(_ x: Tensor, team: ThreadTeam) {
    let (n, d) = (x.shape[0], x.shape[1])
    let pieces = Pieces(n, most: 256)
    let hashes = Array(team.map(pieces.count) { piece in pieces[piece].map { Self.hash(x.base + $0 * d, d) } }.joined())
    var (first, kind): ([Int32], [Int32]) = ([], [])
    var known: [UInt64: [Int32]] = [:]
    for row in 0..<n {
      let own = x.base + row * d
      let same = known[hashes[row]]?.first { number in
        let other = x.base + Int(first[Int(number)]) * d
        return (0..<d).allSatisfy { own[$0] == other[$0] }
      }
      if same == nil {
        known[hashes[row], default: []].append(Int32(first.count))
        first.append(Int32(row))
      }
      kind.append(same ?? Int32(first.count - 1))
    }
    (self.first, self.kind) = (first, kind)
  }

  /// FNV's way over the bits of the numbers, eight strands side by side; −0 counts as 0.
  private static func hash(_ row: UnsafePointer<Float>, _ d: Int) -> UInt64 {
    var strands = SIMD8<UInt32>(repeating: 2_166_136_261)
    for k in stride(from: 0, to: d - d % 8, by: 8) {
      let values = UnsafeRawPointer(row + k).loadUnaligned(as: SIMD8<Float>.self) + 0
      strands = (strands ^ unsafeBitCast(values, to: SIMD8<UInt32>.self)) &* 16_777_619
      strands ^= strands &>> 15
    }
    var result: UInt64 = 14_695_981_039_346_656_037
    for lane in 0..<8 { result = (result ^ UInt64(strands[lane])) &* 1_099_511_628_211 }
    for k in d - d % 8..<d { result = (result ^ UInt64((row[k] + 0).bitPattern)) &* 1_099_511_628_211 }
    return result
  }

  /// The rows in `first` alone.
  package func rows(of x: Tensor) -> Tensor {
    let d = x.shape[1]
    guard first.count < x.shape[0] else { return x }
    let result = Tensor(uninitialized: [first.count, d])
    for (place, row) in first.enumerated() { (result.base + place * d).update(from: x.base + Int(row) * d, count: d) }
    return result
  }
}
