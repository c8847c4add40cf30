import Tensors

/// The nearest rows of every row, exactly, itself left out.
///
/// Products of blocks of rows give ‖x_j‖² − 2 x_i·x_j of the centred rows; what beats the worst of a row's list so far is noted; the
/// lists' distances are then measured again by explicit differences. 2·n²·D flop, memory n·k. Rows of more than 512 numbers meet as
/// short vectors (`ReducedVectors`), and those which these leave a chance are measured: 1024·n² flop and some hundred distances for a row.
public struct NearestNeighbours: Sendable {
  /// Neighbours of each row.
  public let count: Int
  /// [n, count] rows in the order of distance; ties by number.
  public let indices: [Int32]
  /// [n, count] squared Euclidean distances.
  public let squares: [Float]

  private static let rowsPerPiece = 128
  private static let columnsPerBlock = 2048
  private static let longestMeasuredWhole = 512
  /// Pieces between two calls of `progress`.
  private static let piecesPerReport = 32

  /// - Parameters:
  ///   - x: [n, D]
  ///   - count: neighbours of each row, below n.
  ///   - progress: called now and then with the rows done; what it throws ends the work.
  public init(_ x: Tensor, count: Int, team: ThreadTeam, progress: (Int) throws -> Void) rethrows {
    let (n, d) = (x.shape[0], x.shape[1])
    precondition(count >= 1 && count < n, "\(count) neighbours among \(n) rows")
    let centred = PrincipalComponents.centred(x)
    let pieces = Pieces(n, most: (n + Self.rowsPerPiece - 1) / Self.rowsPerPiece)
    let search = d > Self.longestMeasuredWhole ? Self.reducedSearch(centred, count, team) : Self.wholeSearch(centred, count)
    var lists: [[[Neighbour]]] = []
    for first in stride(from: 0, to: pieces.count, by: Self.piecesPerReport) {
      lists += team.map(min(Self.piecesPerReport, pieces.count - first)) { search(pieces[first + $0]) }
      try progress(pieces[lists.count - 1].upperBound)
    }
    self.count = count
    indices = lists.flatMap { $0.flatMap { $0.map(\.row) } }
    squares = lists.flatMap { $0.flatMap { $0.map(\.value) } }
  }

  public init(_ x: Tensor, count: Int, team: ThreadTeam) { self.init(x, count: count, team: team) { _ in } }

  /// The lists of some rows.
  private typealias Search = @Sendable (Range<Int>) -> [[Neighbour]]

  private static func wholeSearch(_ centred: Tensor, _ count: Int) -> Search {
    let (n, d) = (centred.shape[0], centred.shape[1])
    let norms = SharedArray<Float>(repeating: 0, count: n)
    for i in 0..<n {
      let row = centred.base + i * d
      norms[i] = Float((0..<d).reduce(0.0) { $0 + Double(row[$1]) * Double(row[$1]) })
    }
    return { rows in
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
  }

  /// In two passes over the bounds: the rows nearest by them are measured, the farthest of which no neighbour can exceed; then all rows that are
  /// within that by their bounds.
  private static func reducedSearch(_ centred: Tensor, _ count: Int, _ team: ThreadTeam) -> Search {
    let (n, d) = (centred.shape[0], centred.shape[1])
    let short = ReducedVectors(centred, team: team)
    let (z, squares, width) = (short.z, short.squares, short.width)
    return { rows in
      let products = Tensor(uninitialized: [rows.count, columnsPerBlock])
      var nearest = rows.map { _ in NearestList(count: count) }
      func overBlocks(_ body: (_ row: Int, _ products: UnsafePointer<Float>, _ columns: Range<Int>) -> Void) {
        for start in stride(from: 0, to: n, by: columnsPerBlock) {
          let columns = start..<min(start + columnsPerBlock, n)
          MatrixProduct.multiply(
            z.base + rows.lowerBound * width, z.base + start * width, transposeB: true, m: rows.count, n: columns.count, k: width,
            into: products.base)
          for i in rows { body(i, products.base + (i - rows.lowerBound) * columns.count, columns) }
        }
      }
      overBlocks { i, products, columns in
        nearest[i - rows.lowerBound].take(products, squares.base + columns.lowerBound, columns.count, from: columns.lowerBound, without: i)
      }
      for i in rows { nearest[i - rows.lowerBound].measure(about: centred.base + i * d, among: centred.base, d) }
      overBlocks { i, products, columns in
        nearest[i - rows.lowerBound].takeMeasured(products, squares, own: i, columns, of: centred.base, d)
      }
      return nearest.indices.map { nearest[$0].sorted() }
    }
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

  /// Puts measured distances in the place of values, and keeps the greatest of them as bar.
  mutating func measure(about point: UnsafePointer<Float>, among rows: UnsafePointer<Float>, _ d: Int) {
    kept = sorted(about: point, among: rows, d)
    bar = kept.last?.value ?? .infinity
  }

  /// Measures the rows whose bound, squares[own] + squares[j] − 2·products[j] less what rounding may add, is not above the bar.
  mutating func takeMeasured(
    _ products: UnsafePointer<Float>, _ squares: SharedArray<Float>, own: Int, _ columns: Range<Int>, of rows: UnsafePointer<Float>,
    _ d: Int
  ) {
    let room = 1 - ReducedVectors.slack
    let others = squares.base + columns.lowerBound
    let (point, base) = (rows + own * d, squares[own] * room)
    func meet(_ j: Int) {
      let row = columns.lowerBound + j
      guard base + others[j] * room - 2 * products[j] <= bar, row != own, !kept.contains(where: { $0.row == row }) else { return }
      let value = SquaredDistances.between(point, rows + row * d, d)
      if value <= bar { insert(Neighbour(value: value, row: Int32(row))) }
    }
    var j = 0
    while j + 16 <= columns.count {
      let bounds = (others.vector(j) * room).addingProduct(products.vector(j), SIMD16(repeating: -2)) + base
      if any(bounds .<= SIMD16(repeating: bar)) { for lane in 0..<16 { meet(j + lane) } }
      j += 16
    }
    for j in j..<columns.count { meet(j) }
  }

  /// Into a sorted list that is full.
  private mutating func insert(_ neighbour: Neighbour) {
    guard let last = kept.last, neighbour.key < last.key else { return }
    kept.removeLast()
    kept.insert(neighbour, at: kept.firstIndex { $0.key > neighbour.key } ?? kept.count)
    if let last = kept.last { bar = last.value }
  }

  func sorted() -> [Neighbour] { kept }

  /// The nearest, measured and sorted again.
  mutating func sorted(about point: UnsafePointer<Float>, among rows: UnsafePointer<Float>, _ d: Int) -> [Neighbour] {
    shrink()
    return kept.map { Neighbour(value: SquaredDistances.between(point, rows + Int($0.row) * d, d), row: $0.row) }.sorted { $0.key < $1.key }
  }
}
