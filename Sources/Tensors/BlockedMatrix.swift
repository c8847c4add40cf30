/// A matrix in blocks of 16 columns, [columns / 16][rows][16], the last block filled up with zeros.
struct BlockedMatrix: Sendable {
  let rows: Int
  private let buffer: VectorBuffer
  var base: UnsafeMutablePointer<Vector> { buffer.base }

  /// A row-major matrix [rows, columns].
  init(_ matrix: Tensor, rows: Int, columns: Int, team: ThreadTeam = ThreadTeam(threads: 1)) {
    self.rows = rows
    let buffer = VectorBuffer(uninitializedRows: rows * ((columns + 15) / 16), vectorsPerRow: 1)
    self.buffer = buffer
    team.forEach((columns + 15) / 16) { block in
      Self.block(matrix.base, rows: rows, columns: columns, pitch: rows, blocks: block..<block + 1, into: buffer.base)
    }
  }

  /// The transpose [columns, rows] of a row-major matrix [rows, columns].
  init(transposing matrix: Tensor, rows: Int, columns: Int, team: ThreadTeam = ThreadTeam(threads: 1)) {
    self.rows = columns
    let buffer = VectorBuffer(uninitializedRows: columns * ((rows + 15) / 16), vectorsPerRow: 1)
    self.buffer = buffer
    team.forEach((rows + 15) / 16) { block in
      let (first, to) = (block &* 16, buffer.floats + block &* columns &* 16)
      let lanes = min(16, rows &- first)
      for start in stride(from: 0, to: columns, by: 16) {
        for lane in 0..<lanes {
          let from = matrix.base + (first &+ lane) &* columns
          for column in start..<min(start &+ 16, columns) { to[column &* 16 &+ lane] = from[column] }
        }
        for lane in lanes..<16 { for column in start..<min(start &+ 16, columns) { to[column &* 16 &+ lane] = 0 } }
      }
    }
  }

  /// Copies a row-major matrix to blocks of `pitch` rows.
  /// - Parameter chosen: which blocks of 16 columns; nil for all.
  static func block(
    _ matrix: UnsafePointer<Float>, rows: Int, columns: Int, pitch: Int, blocks chosen: Range<Int>? = nil,
    into blocks: UnsafeMutablePointer<Vector>
  ) {
    for block in chosen ?? 0..<(columns + 15) / 16 {
      let to = blocks + block &* pitch
      for row in 0..<rows { to[row] = vector(matrix + row &* columns, block: block, columns: columns) }
    }
  }

  /// Sixteen columns of a row of a row-major matrix, the last filled up with zeros.
  @inline(__always)
  static func vector(_ row: UnsafePointer<Float>, block: Int, columns: Int) -> Vector {
    let from = row + block &* 16
    if 16 &* block &+ 16 <= columns { return Vector(loading: from) }
    var last = Vector()
    for lane in 0..<columns - 16 * block { last[lane] = from[lane] }
    return last
  }

  /// Copies blocks of `pitch` rows to a row-major matrix.
  /// - Parameter chosen: which blocks of 16 columns; nil for all.
  static func unblock(
    _ blocks: UnsafePointer<Vector>, rows: Int, pitch: Int, columns: Int, blocks chosen: Range<Int>? = nil,
    into matrix: UnsafeMutablePointer<Float>
  ) {
    let chosen = chosen ?? 0..<(columns + 15) / 16
    let whole = chosen.lowerBound..<min(chosen.upperBound, columns / 16)
    for row in 0..<rows {
      let to = matrix + row &* columns
      for block in whole { blocks[block &* pitch &+ row].store(to: to + block &* 16) }
    }
    guard columns % 16 > 0, chosen.contains(columns / 16) else { return }
    let (last, to) = (blocks + columns / 16 &* pitch, matrix + columns / 16 &* 16)
    for row in 0..<rows { for lane in 0..<columns % 16 { to[row &* columns &+ lane] = last[row][lane] } }
  }
}

/// The sums Vᵀ · M of two blocked matrices, in tiles of 8 rows and two blocks of 16 columns: [pairs of blocks][groups of 8 rows][8][2] vectors.
struct AdjointSums: Sendable {
  private let rows, columns: Int
  private static let tile = 2 * BlockedProduct.adjointChannels

  init(rows: Int, columns: Int) { (self.rows, self.columns) = (rows, columns) }

  private var groups: Int { (rows + BlockedProduct.adjointChannels - 1) / BlockedProduct.adjointChannels }
  private var columnVectors: Int { (columns + 15) / 16 }
  /// Pairs of blocks of 16 columns: what can be summed side by side.
  var pairs: Int { (columnVectors + 1) / 2 }
  /// Vectors of all sums.
  var count: Int { groups * pairs * Self.tile }

  /// How work whose sums are merged afterwards is cut: by its size and that of the sums alone, so that threads do not matter.
  func pieces(of work: Int) -> Pieces { Pieces(work, most: Pieces.most(sumsOf: count)) }

  /// Adds the products of `summed` rows of V and M, or sets the sums to them.
  /// - Parameter chosen: which pairs of blocks; nil for all.
  func add(
    _ v: UnsafePointer<Vector>, _ m: UnsafePointer<Vector>, rows summed: Int, pitch: Int, adding: Bool, pairs chosen: Range<Int>? = nil,
    into sums: UnsafeMutablePointer<Vector>
  ) {
    for pair in chosen ?? 0..<pairs {
      BlockedProduct.adjoint(
        v, groups: 0..<groups, m + 2 &* pair &* pitch, columns: min(2, columnVectors - 2 * pair), pitch: pitch, rows: summed,
        adding: adding, into: sums + pair * groups * Self.tile, step: Self.tile)
    }
  }

  /// Writes the sum of the parts, in their order, row-major.
  func merge(_ parts: [VectorBuffer], into matrix: Tensor, team: ThreadTeam) {
    team.forEach(groups * pairs) { piece in
      for number in 0..<Self.tile {
        let row = piece % groups * BlockedProduct.adjointChannels + number / 2
        let column = (piece / groups * 2 + number % 2) * 16
        guard row < rows, column < columns else { continue }
        var sum = parts[0].base[piece * Self.tile + number]
        for part in parts.dropFirst() { sum += part.base[piece * Self.tile + number] }
        let to = matrix.base + row * columns + column
        if column + 16 <= columns { sum.store(to: to) } else { for lane in 0..<columns - column { to[lane] = sum[lane] } }
      }
    }
  }
}
