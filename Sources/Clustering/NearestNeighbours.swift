import Tensors

/// The nearest rows of every row, exactly, itself left out.
///
/// Products of blocks of rows give ‖x_j‖² − 2 x_i·x_j of the centred rows; what beats the worst of a row's list so far is noted; the
/// lists' distances are then measured again by explicit differences. 2·n²·D flop, memory n·k.
public struct NearestNeighbours: Sendable {
  /// Neighbours of each row.
  public let count: Int
  /// [n, count] rows in the order of distance; ties by number.
  public let indices: [Int32]
  /// [n, count] squared Euclidean distances.
  public let squares: [Float]

  private static let rowsPerPiece = 128
  private static let columnsPerBlock = 2048

  /// - Parameters:
  ///   - x: [n, D]
  ///   - count: neighbours of each row, below n.
  public init(_ x: Tensor, count: Int, team: ThreadTeam) {
    let (n, d) = (x.shape[0], x.shape[1])
    precondition(count >= 1 && count < n, "\(count) neighbours among \(n) rows")
    let centred = PrincipalComponents.centred(x)
    let norms = SharedArray<Float>(repeating: 0, count: n)
    for i in 0..<n {
      let row = centred.base + i * d
      norms[i] = Float((0..<d).reduce(0.0) { $0 + Double(row[$1]) * Double(row[$1]) })
    }
    let pieces = Pieces(n, most: (n + Self.rowsPerPiece - 1) / Self.rowsPerPiece)
    let lists = team.map(pieces.count) { piece in
      let rows = pieces[piece]
      let products = Tensor(uninitialized: [rows.count, Self.columnsPerBlock])
      var nearest = rows.map { _ in NearestList(count: count) }
      for start in stride(from: 0, to: n, by: Self.columnsPerBlock) {
        let width = min(Self.columnsPerBlock, n - start)
        MatrixProduct.multiply(
          centred.base + rows.lowerBound * d, centred.base + start * d, transposeB: true, m: rows.count, n: width, k: d, into: products.base
        )
        for i in rows {
          let k = i - rows.lowerBound
          nearest[k].take(products.base + k * width, norms.base + start, width, from: start, without: i)
        }
      }
      return nearest.indices.map { nearest[$0].sorted(about: centred.base + (rows.lowerBound + $0) * d, among: centred.base, d) }
    }
    self.count = count
    indices = lists.flatMap { $0.flatMap { $0.map(\.row) } }
    squares = lists.flatMap { $0.flatMap { $0.map(\.value) } }
  }
}

/// A row and how far it is, in one integer that sorts by both.
private struct Neighbour {
  let key: UInt64

  init(value: Float, row: Int32) {
    // The bits of floats order like integers once negative ones are inverted and positive ones raised above them.
    let bits = value.bitPattern
    key = UInt64(bits >> 31 == 1 ? ~bits : bits | 1 << 31) << 32 | UInt64(row)
  }

  var row: Int32 { Int32(truncatingIfNeeded: key) }
  var value: Float {
    let bits = UInt32(key >> 32)
    return Float(bitPattern: bits >> 31 == 1 ? bits & ~(1 << 31) : ~bits)
  }
}

/// The `count` least values of a stream that comes in the order of rows.
private struct NearestList {
  private let count: Int
  private var kept: [Neighbour] = []
  /// What a value must beat: infinity until `count` are known.
  private var bar = Float.infinity

  init(count: Int) {
    self.count = count
    kept.reserveCapacity(4 * count)
  }

  /// Takes norms[j] − 2·products[j] for j in 0..<width as the values of rows from `first` on.
  mutating func take(_ products: UnsafePointer<Float>, _ norms: UnsafePointer<Float>, _ width: Int, from first: Int, without own: Int) {
    var j = 0
    while j + 16 <= width {
      let values = norms.vector(j).addingProduct(products.vector(j), SIMD16(repeating: -2))
      if any(values .< SIMD16(repeating: bar)) {
        for lane in 0..<16 where values[lane] < bar { note(values[lane], first + j + lane, own) }
      }
      j += 16
    }
    for j in j..<width {
      let value = norms[j] - 2 * products[j]
      if value < bar { note(value, first + j, own) }
    }
  }

  private mutating func note(_ value: Float, _ row: Int, _ own: Int) {
    guard row != own else { return }
    kept.append(Neighbour(value: value, row: Int32(row)))
    if kept.count == 4 * count { shrink() }
  }

  private mutating func shrink() {
    kept.sort { $0.key < $1.key }
    kept.removeLast(max(0, kept.count - count))
    if kept.count == count, let last = kept.last { bar = last.value }
  }

  /// The nearest, measured and sorted again.
  mutating func sorted(about point: UnsafePointer<Float>, among rows: UnsafePointer<Float>, _ d: Int) -> [Neighbour] {
    shrink()
    return kept.map { Neighbour(value: SquaredDistances.between(point, rows + Int($0.row) * d, d), row: $0.row) }.sorted { $0.key < $1.key }
  }
}
