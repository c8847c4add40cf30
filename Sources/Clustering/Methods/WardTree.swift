import Tensors

/// Ward's tree by mutual nearest neighbours (de Rham 1980, Murtagh 1983): two clusters that are each other's nearest can be joined at once,
/// whatever else happens, and the tree is that of joining the closest pair again and again.
///
/// For the criterion is reducible: a union is no nearer to a third cluster than the nearer of its parts was. So a cluster's nearest neighbour stays
/// that until it is itself joined; and a cluster whose neighbour was joined need not look again before somebody points at it, which in many
/// dimensions happens to few. All that must look do so side by side, by products of short vectors (`ReducedVectors`) that rule out all but a few
/// clusters, whose centroids are measured. Ties go to the cluster whose first point comes first.
///
/// Memory: the centroids, n·D numbers, and n short vectors.
package final class WardTree: @unchecked Sendable {
  /// What has been joined so far.
  package private(set) var joins: [Join] = []
  /// Clusters that are left.
  package private(set) var remaining: Int
  private let d, width: Int
  private let isReduced: Bool
  /// Slots in use; those of joined clusters hold none until the next compaction.
  private var slots: Int
  private let centroids: Tensor
  private let z: SharedArray<Float>
  /// ‖c‖² about the mean of all rows; infinite in an empty slot.
  private let squares: SharedArray<Float>
  /// Rows of each cluster; 0 in an empty slot.
  private let sizes: SharedArray<Float>
  /// A point of each cluster: the first.
  private let points: SharedArray<Int32>
  /// The slot of the nearest cluster, and 2·n_a·n_b/(n_a + n_b)·‖c_a − c_b‖². Stale ones are −1.
  private let nearest: SharedArray<Int32>
  private let distances: SharedArray<Float>
  private var looking: [Int32]

  private static let clustersPerPiece = 128
  private static let columnsPerBlock = 2048
  /// Late in the tree few look at once, and threads share the clusters they look at.
  private static let blocksPerPiece = 4

  /// - Parameters:
  ///   - x: distinct points [n, D].
  ///   - copies: how many rows each of them stands for.
  package init(_ x: Tensor, copies: DistinctRows, team: ThreadTeam) {
    let n = x.shape[0]
    (remaining, slots, d) = (n, n, x.shape[1])
    centroids = PrincipalComponents.centred(x)
    let short = ReducedVectors(centroids, team: team)
    (z, squares, width, isReduced) = (short.z, short.squares, short.width, short.isReduced)
    sizes = SharedArray(repeating: 0, count: n)
    for kind in copies.kind { sizes[Int(kind)] += 1 }
    points = SharedArray(repeating: 0, count: n)
    for slot in 0..<n { points[slot] = Int32(slot) }
    nearest = SharedArray(repeating: -1, count: n)
    distances = SharedArray(repeating: .infinity, count: n)
    looking = (0..<Int32(n)).map { $0 }
  }

  /// Lets those look who must, and joins all clusters that are each other's nearest.
  package func joinMutualNeighbours(_ team: ThreadTeam) {
    guard remaining > 1 else { return }
    look(team)
    var found: [(a: Int, b: Int)] = []
    var pointedAt = [Bool](repeating: false, count: slots)
    for a in 0..<slots where nearest[a] >= 0 {
      let b = Int(nearest[a])
      pointedAt[b] = true
      if b > a, nearest[b] == a { found.append((a, b)) }
    }
    let pairs = found
    let heights = team.map(pairs.count) { [self] in unite(pairs[$0].a, pairs[$0].b) }
    for (pair, height) in zip(pairs, heights) { joins.append(Join(a: points[pair.a], b: points[pair.b], height: height)) }
    remaining -= pairs.count
    // Clusters that are gone or new, whose neighbours must look again when their turn comes.
    var changed = [Bool](repeating: false, count: slots)
    for pair in pairs {
      (changed[pair.a], changed[pair.b]) = (true, true)
      points[pair.a] = min(points[pair.a], points[pair.b])
    }
    for slot in 0..<slots where nearest[slot] >= 0 && changed[Int(nearest[slot])] { nearest[slot] = -1 }
    looking = pairs.map { Int32($0.a) }
    for slot in 0..<slots where pointedAt[slot] && nearest[slot] < 0 && !changed[slot] { looking.append(Int32(slot)) }
    looking.sort()
    compact()
  }

  /// Moves b's rows into a.
  /// - Returns: the height of the join.
  private func unite(_ a: Int, _ b: Int) -> Double {
    let (first, second) = (centroids.base + a * d, centroids.base + b * d)
    let (m, n) = (Double(sizes[a]), Double(sizes[b]))
    let (left, right) = (m / (m + n), n / (m + n))
    var square = 0.0
    for j in 0..<d {
      let (p, q) = (Double(first[j]), Double(second[j]))
      square += (p - q) * (p - q)
      first[j] = Float(left * p + right * q)
    }
    squares[a] = Float(ReducedVectors.square(first, d))
    let (short, other) = (z.base + a * width, z.base + b * width)
    if isReduced {
      for j in 0..<width - 1 { short[j] = Float(left * Double(short[j]) + right * Double(other[j])) }
      short[width - 1] = ReducedVectors.rest(squares[a], short, width - 1)
    } else {
      short.update(from: first, count: d)
    }
    sizes[a] += sizes[b]
    (sizes[b], squares[b]) = (0, .infinity)
    (nearest[a], nearest[b]) = (-1, -1)
    return (2 * m * n / (m + n) * square).squareRoot()
  }

  /// Closes the gaps once a quarter of the slots is empty; the order stays.
  private func compact() {
    guard remaining < slots - slots / 4 else { return }
    var place = [Int32](repeating: -1, count: slots)
    var next = 0
    for slot in 0..<slots where sizes[slot] > 0 {
      place[slot] = Int32(next)
      if slot > next {
        (centroids.base + next * d).update(from: centroids.base + slot * d, count: d)
        (z.base + next * width).update(from: z.base + slot * width, count: width)
        (squares[next], sizes[next], points[next]) = (squares[slot], sizes[slot], points[slot])
        (nearest[next], distances[next]) = (nearest[slot], distances[slot])
      }
      next += 1
    }
    slots = next
    for slot in 0..<slots where nearest[slot] >= 0 { nearest[slot] = place[Int(nearest[slot])] }
    looking = looking.map { place[Int($0)] }
  }

  // MARK: Looking

  private func look(_ team: ThreadTeam) {
    let queries = looking
    let groups = Pieces(queries.count, most: (queries.count + Self.clustersPerPiece - 1) / Self.clustersPerPiece)
    let columns = Self.columnsPerBlock * Self.blocksPerPiece
    let parts = (slots + columns - 1) / columns
    let found = team.map(queries.isEmpty ? 0 : groups.count * parts) { [self] piece in
      let first = piece % parts * columns
      return lookFrom(Array(queries[groups[piece / parts]]), at: first..<min(first + columns, slots))
    }
    for group in 0..<found.count / parts {
      for (place, query) in queries[groups[group]].enumerated() {
        let best = (0..<parts).map { found[group * parts + $0][place] }.reduce(Best()) { $1.isNearer(than: $0) ? $1 : $0 }
        nearest[Int(query)] = best.slot
        distances[Int(query)] = best.value
      }
    }
    // Rounding can make a union seem nearer to a third cluster than its parts were; who is found by it then points back.
    for query in queries {
      let other = Int(nearest[Int(query)])
      guard nearest[other] >= 0 else { continue }
      let (value, known) = (distances[Int(query)], distances[other])
      if value < known || (value == known && query < nearest[other]) {
        nearest[other] = query
        distances[other] = value
      }
    }
  }

  private struct Best {
    var slot: Int32 = -1
    var value = Float.infinity

    func isNearer(than other: Best) -> Bool { value < other.value || (value == other.value && slot < other.slot) }
  }

  /// The nearest other cluster of each of some, of those in a range of slots.
  private func lookFrom(_ queries: [Int32], at range: Range<Int>) -> [Best] {
    let own = Tensor(uninitialized: [queries.count, width])
    for (place, query) in queries.enumerated() { (own.base + place * width).update(from: z.base + Int(query) * width, count: width) }
    let products = Tensor(uninitialized: [queries.count, Self.columnsPerBlock])
    var best = queries.map { _ in Best() }
    for start in stride(from: range.lowerBound, to: range.upperBound, by: Self.columnsPerBlock) {
      let columns = start..<min(start + Self.columnsPerBlock, range.upperBound)
      MatrixProduct.multiply(
        own.base, z.base + start * width, transposeB: true, m: queries.count, n: columns.count, k: width, into: products.base)
      for (place, query) in queries.enumerated() { meet(Int(query), products.base + place * columns.count, columns, &best[place]) }
    }
    return best
  }

  /// Puts the bounds into the place of the products, measures the cluster of the least bound, then those that may be nearer than it.
  private func meet(_ query: Int, _ products: UnsafeMutablePointer<Float>, _ columns: Range<Int>, _ best: inout Best) {
    let room = 1 - ReducedVectors.slack
    let (size, base) = (sizes[query], squares[query] * room)
    let (others, counts) = (squares.base + columns.lowerBound, sizes.base + columns.lowerBound)
    let whole = columns.count - columns.count % 16
    for j in stride(from: 0, to: whole, by: 16) {
      let n = counts.vector(j)
      let square = (others.vector(j) * room).addingProduct(products.vector(j), SIMD16(repeating: -2)) + base
      let bound = square * ((n * (2 * size)) / (n + size))
      products.store(bound.replacing(with: .infinity, where: n .== 0), at: j)
    }
    for j in whole..<columns.count {
      let n = counts[j]
      products[j] = n == 0 ? .infinity : (others[j] * room - 2 * products[j] + base) * ((n * (2 * size)) / (n + size))
    }
    if columns.contains(query) { products[query - columns.lowerBound] = .infinity }
    var least = SIMD16<Float>(repeating: .infinity)
    for j in stride(from: 0, to: whole, by: 16) { least = least.lower(products.vector(j)) }
    let lowest = (whole..<columns.count).reduce(least.least) { min($0, products[$1]) }
    guard lowest <= best.value else { return }
    if let first = (0..<columns.count).first(where: { products[$0] == lowest }) { measure(query, columns.lowerBound + first, &best) }
    for j in stride(from: 0, to: whole, by: 16) where any(products.vector(j) .<= SIMD16(repeating: best.value)) {
      for lane in j..<j + 16 where products[lane] <= best.value { measure(query, columns.lowerBound + lane, &best) }
    }
    for j in whole..<columns.count where products[j] <= best.value { measure(query, columns.lowerBound + j, &best) }
  }

  private func measure(_ query: Int, _ other: Int, _ best: inout Best) {
    guard other != query, sizes[other] > 0 else { return }
    let (m, n) = (sizes[query], sizes[other])
    let square = SquaredDistances.between(centroids.base + query * d, centroids.base + other * d, d)
    let met = Best(slot: Int32(other), value: square * ((n * (2 * m)) / (n + m)))
    if met.isNearer(than: best) { best = met }
  }
}
