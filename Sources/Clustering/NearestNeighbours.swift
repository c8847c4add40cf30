import Tensors

/// The nearest rows of every row, exactly, itself left out.
///
/// Products of blocks of rows give ‖x_j‖² − 2 x_i·x_j of the centred rows; whatever can be among the nearest for all that rounding may have
/// changed is measured again by explicit differences. 2·n²·D flop, memory n·k; where many rows are alike to within rounding, all of these are
/// measured. Rows of more than 512 numbers meet as short vectors (`ReducedVectors`), and those which these leave a chance are measured:
/// 1024·n² flop and some hundred distances for a row.
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

  /// What the search holds besides the rows: the centred ones, and of long ones the short ones.
  static func leastBytes(rows n: Int, columns d: Int) -> Int { 4 * n * (d + (d > longestMeasuredWhole ? ReducedVectors.longest : 0)) }

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
          nearest[k].take(products.base + k * width, norms.base, own: i, start..<start + width)
        }
      }
      return rows.map { nearest[$0 - rows.lowerBound].measured(own: $0, among: centred.base, d, norms.base) }
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
        nearest[i - rows.lowerBound].take(products, squares.base, own: i, columns)
      }
      for i in rows { nearest[i - rows.lowerBound].measure(own: i, among: centred.base, d, squares.base) }
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

/// The `count` least values of a stream that comes in the order of rows, and all others that can be among these for all that is known.
private struct NearestList {
  private let count: Int
  /// With the most that a row's value can be; once measured, with its value.
  private var kept: [Neighbour] = []
  /// `count` rows have no more than this: infinity until `count` are known.
  private var bar = Float.infinity
  /// How many are kept before those that have no chance are let go.
  private var room: Int

  init(count: Int) {
    self.count = count
    room = 4 * count
    kept.reserveCapacity(room)
  }

  /// Takes norms[own] + norms[j] − 2·products[j − columns.lowerBound], give or take what rounding may change, as the values of rows j in `columns`.
  mutating func take(_ products: UnsafePointer<Float>, _ norms: UnsafePointer<Float>, own: Int, _ columns: Range<Int>) {
    let less = 1 - ReducedVectors.slack
    let (others, base) = (norms + columns.lowerBound, norms[own] * less)
    func meet(_ j: Int) {
      guard base + (others[j] * less - 2 * products[j]) <= bar, columns.lowerBound + j != own else { return }
      let more = 1 + ReducedVectors.slack
      kept.append(Neighbour(value: norms[own] * more + (others[j] * more - 2 * products[j]), row: Int32(columns.lowerBound + j)))
      if kept.count >= room { shrink(norms, own) }
    }
    var j = 0
    while j + 16 <= columns.count {
      let least = (others.vector(j) * less).addingProduct(products.vector(j), SIMD16(repeating: -2)) + base
      if any(least .<= SIMD16(repeating: bar)) { for lane in 0..<16 { meet(j + lane) } }
      j += 16
    }
    for j in j..<columns.count { meet(j) }
  }

  private mutating func shrink(_ norms: UnsafePointer<Float>, _ own: Int) {
    guard kept.count > count else { return }
    kept.sort { $0.key < $1.key }
    bar = kept[count - 1].value
    kept.removeAll { $0.value - 2 * ReducedVectors.slack * (norms[own] + norms[Int($0.row)]) > bar }
    room = max(4 * count, 2 * kept.count)
  }

  /// Puts measured distances in the place of values, and keeps the greatest of them as bar.
  mutating func measure(own: Int, among rows: UnsafePointer<Float>, _ d: Int, _ norms: UnsafePointer<Float>) {
    kept = measured(own: own, among: rows, d, norms)
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

  /// The `count` nearest by measured distances, sorted.
  mutating func measured(own: Int, among rows: UnsafePointer<Float>, _ d: Int, _ norms: UnsafePointer<Float>) -> [Neighbour] {
    shrink(norms, own)
    let all = kept.map { Neighbour(value: SquaredDistances.between(rows + own * d, rows + Int($0.row) * d, d), row: $0.row) }
    return Array(all.sorted { $0.key < $1.key }.prefix(count))
  }
}
