/// 3 × 3 convolution of padding 1 and stride 1 or 2, or 2 × 2 without padding, with fewer multiplications, for channel counts that are multiples of 16.
///
/// Goals, in order: bit-equal for any number of threads; a half to a third of the direct kernels' time; memory for one block of tiles only.
/// Legend: tiles of m × m outputs from n × n inputs, ξ one of the products, C channels in, K channels out.
///   U[ξ] = G g Gᵀ   [C, K]        V[ξ] = Bᵀ d B   [tiles, C]        M[ξ] = V[ξ] · U[ξ]   [tiles, K]        Y = Aᵀ M A
/// Backward is the adjoint of these lines, from dM = A dY Aᵀ:
///   dU[ξ] = V[ξ]ᵀ · dM[ξ],   dg = Gᵀ dU G;        dV[ξ] = dM[ξ] · U[ξ]ᵀ,   dd = B dV Bᵀ, added up where tiles overlap.
/// Cost per tile: t²·C·K multiplications, about 3·t² additions per channel in and out. Images are cut in blocks (`WinogradGrid`). With few filters every
/// thread has blocks of its own, whose V and M stay in its second-level cache; with many, the threads share a block filter by filter,
/// so that all filters are read once for a block, and dU needs no memory where one block has all images.
/// Tolerance: relative error against Double from 2e-7 (a whole 3 × 3 map) to 5e-6 (m = 5), from the cancellation in Bᵀ and Aᵀ.
enum WinogradConvolution<Tile: WinogradTile> {
  /// Blocks of 16 columns a thread takes at once where a block is shared.
  private static var columnsPerPiece: Int { 8 }
  /// Groups of 8 channels whose weight gradients a thread works out together where a block is shared: the gradients it reads for one are still
  /// in its first-level cache for the next.
  private static var eighthsPerPiece: Int { 2 }

  /// y [N, P, Q, K] of x and weights [r, r, C, K].
  static func forward(_ grid: WinogradGrid, _ x: Tensor, weights: Tensor, team: ThreadTeam) -> Tensor {
    let transforms = WinogradTransforms<Tile>(grid)
    let y = Tensor(uninitialized: [grid.images, grid.outputHeight, grid.outputWidth, weights.shape[3]])
    apply(WinogradFilters(weights, transposed: false, team: team), grid, from: weights.shape[2] / 16, to: weights.shape[3] / 16, team) {
      transforms.scatterInputs(x, $0, of: $1, into: $2)
    } and: {
      transforms.gatherOutputs($2, $0, of: $1, into: y)
    }
    return y
  }

  /// dx [N, H, W, C] alone, from dy.
  static func adjoint(_ grid: WinogradGrid, _ dy: Tensor, weights: Tensor, team: ThreadTeam) -> Tensor {
    let transforms = WinogradTransforms<Tile>(grid)
    let dx = Tensor(uninitialized: [grid.images, grid.height, grid.width, weights.shape[2]])
    apply(WinogradFilters(weights, transposed: true, team: team), grid, from: weights.shape[3] / 16, to: weights.shape[2] / 16, team) {
      transforms.spreadGradients(dy, $0, of: $1, into: $2)
    } and: {
      transforms.collectInputs($2, $0, of: $1, into: dx)
    }
    return dx
  }

  /// Multiplies what `transform` makes of some images of a block by the filters, and calls `and` with the products; both get the images and their block.
  private static func apply(
    _ filters: WinogradFilters<Tile>, _ grid: WinogradGrid, from depth: Int, to width: Int, _ team: ThreadTeam,
    transform: @escaping @Sendable (Range<Int>, Range<Int>, VectorBuffer) -> Void,
    and finish: @escaping @Sendable (Range<Int>, Range<Int>, VectorBuffer) -> Void
  ) {
    if grid.sharesBlocks {
      let (v, m) = (grid.buffer(vectors: depth), grid.buffer(vectors: width))
      for number in 0..<grid.blockCount {
        let block = grid.block(number)
        let runs = Pieces(block.count, most: Pieces.imageRuns)
        team.forEach(runs.count) { transform(runs[$0].shifted(by: block.lowerBound), block, v) }
        sharedProducts(grid, v, depth, filters, rows: block.count * grid.tilesPerImage, into: m, width, team)
        team.forEach(runs.count) { finish(runs[$0].shifted(by: block.lowerBound), block, m) }
      }
    } else {
      let u = filters.all(team)
      team.forEach(grid.blockCount) { number in
        let (v, m) = (grid.buffer(vectors: depth), grid.buffer(vectors: width))
        let block = grid.block(number)
        transform(block, block, v)
        products(grid, v, depth, u, filters.step, rows: block.count * grid.tilesPerImage, into: m, width)
        finish(block, block, m)
      }
    }
  }

  /// dw [r, r, C, K] and, where asked, dx, from x and dy.
  static func backward(
    _ grid: WinogradGrid, _ x: Tensor, _ dy: Tensor, weights: Tensor, needsInputGradient: Bool, team: ThreadTeam
  ) -> (input: Tensor?, weights: Tensor) {
    let transforms = WinogradTransforms<Tile>(grid)
    let (inputVectors, outputVectors) = (x.shape[3] / 16, dy.shape[3] / 16)
    let transposed = needsInputGradient ? WinogradFilters<Tile>(weights, transposed: true, team: team) : nil
    let dx = needsInputGradient ? Tensor(uninitialized: x.shape) : nil
    let sums = GradientSums<Tile>(grid, inputVectors, outputVectors)
    let dw = Tensor(uninitialized: weights.shape)
    if grid.sharesBlocks {
      let (v, m) = (grid.buffer(vectors: inputVectors), grid.buffer(vectors: outputVectors))
      let pieces = Self.pieces(sums.eighths, of: eighthsPerPiece, beside: sums.pairs, team)
      // Of one block dU is finished where it is computed; over several blocks it has to be kept.
      let last = grid.blockCount - 1
      let kept = last > 0 ? VectorBuffer(uninitializedRows: sums.count, vectorsPerRow: 1) : nil
      for number in 0...last {
        let block = grid.block(number)
        let rows = block.count * grid.tilesPerImage
        let runs = Pieces(block.count, most: Pieces.imageRuns)
        team.forEach(runs.count) { run in
          let images = runs[run].shifted(by: block.lowerBound)
          transforms.scatterInputs(x, images, of: block, into: v)
          transforms.spreadGradients(dy, images, of: block, into: m)
        }
        team.forEach(pieces.count * sums.pairs) { piece in
          let (eighths, pair) = (pieces[piece % pieces.count], piece / pieces.count)
          let scratch = kept ?? VectorBuffer(uninitializedRows: eighths.count * sums.perTile, vectorsPerRow: 1)
          let target = scratch.base + (kept == nil ? 0 : (pair * sums.eighths + eighths.lowerBound) * sums.perTile)
          sums.add(v, m, rows: rows, eighths: eighths, pairs: pair..<pair + 1, adding: number > 0, into: target)
          if number == last {
            for eighth in eighths {
              sums.finish([target + (eighth - eighths.lowerBound) * sums.perTile], eighth: eighth, pair: pair, into: dw)
            }
          }
        }
        if let dx, let transposed {
          sharedProducts(grid, m, outputVectors, transposed, rows: rows, into: v, inputVectors, team)
          team.forEach(runs.count) { transforms.collectInputs(v, runs[$0].shifted(by: block.lowerBound), of: block, into: dx) }
        }
      }
    } else {
      let ut = transposed?.all(team)
      let parts = Pieces(grid.blockCount, most: Pieces.most(sumsOf: sums.count))
      let partial = (0..<parts.count).map { _ in VectorBuffer(uninitializedRows: sums.count, vectorsPerRow: 1) }
      team.forEach(parts.count) { part in
        let (v, m) = (grid.buffer(vectors: inputVectors), grid.buffer(vectors: outputVectors))
        for number in parts[part] {
          let block = grid.block(number)
          let rows = block.count * grid.tilesPerImage
          transforms.scatterInputs(x, block, of: block, into: v)
          transforms.spreadGradients(dy, block, of: block, into: m)
          sums.add(
            v, m, rows: rows, eighths: 0..<sums.eighths, pairs: 0..<sums.pairs, adding: number > parts[part].lowerBound,
            into: partial[part].base)
          if let dx, let transposed, let ut {
            products(grid, m, outputVectors, ut, transposed.step, rows: rows, into: v, inputVectors)
            transforms.collectInputs(v, block, of: block, into: dx)
          }
        }
      }
      team.forEach(sums.eighths * sums.pairs) { piece in
        sums.finish(
          partial.map { $0.base + piece * sums.perTile }, eighth: piece % sums.eighths, pair: piece / sums.eighths, into: dw)
      }
    }
    return (dx, dw)
  }

  // MARK: Products

  /// out[ξ] = matrices[ξ] · filters for all points of a block; `step` vectors from a set of filters to the next.
  private static func products(
    _ grid: WinogradGrid, _ matrices: VectorBuffer, _ depth: Int, _ filters: VectorBuffer, _ step: Int, rows: Int, into out: VectorBuffer,
    _ width: Int
  ) {
    for point in 0..<grid.points {
      BlockedProduct.multiply(
        matrices.base + point * grid.pointStep(vectors: depth), rows: rows, pitch: grid.pitch, depth: 16 * depth,
        filters.base + Tile.set(of: point) * step, uRows: 16 * depth, columns: 0..<width,
        into: out.base + point * grid.pointStep(vectors: width))
    }
  }

  /// Pieces of some size, or smaller ones where more threads wait for work of which there are so many kinds beside. No sum crosses their borders.
  private static func pieces(_ count: Int, of size: Int, beside others: Int, _ team: ThreadTeam) -> Pieces {
    Pieces(count, most: max((count + size - 1) / size, (team.threads + others - 1) / others))
  }

  /// The same, shared out among the threads, line by line of the filters.
  private static func sharedProducts(
    _ grid: WinogradGrid, _ matrices: VectorBuffer, _ depth: Int, _ filters: WinogradFilters<Tile>, rows: Int, into out: VectorBuffer,
    _ width: Int, _ team: ThreadTeam
  ) {
    let u = filters.buffer(sets: Tile.lines.map(\.count).max() ?? 0)
    for (line, sets) in Tile.lines.enumerated() {
      filters.transform(lines: line..<line + 1, into: u, team: team)
      let points = (0..<grid.points).filter { sets.contains(Tile.set(of: $0)) }
      let columns = pieces(width, of: columnsPerPiece, beside: points.count, team)
      team.forEach(points.count * columns.count) { piece in
        let point = points[piece / columns.count]
        BlockedProduct.multiply(
          matrices.base + point * grid.pointStep(vectors: depth), rows: rows, pitch: grid.pitch, depth: 16 * depth,
          u.base + (Tile.set(of: point) - sets.lowerBound) * filters.step, uRows: 16 * depth, columns: columns[piece % columns.count],
          into: out.base + point * grid.pointStep(vectors: width))
      }
    }
  }
}

/// The sums dU[ξ] = Vᵀ · dM, in register tiles of 8 channels and two blocks of 16 filters ("eighths" and "pairs"); of each tile all sets of filters lie
/// together, [sets][8][2] vectors.
private struct GradientSums<Tile: WinogradTile>: Sendable {
  private let grid: WinogradGrid
  private let inputVectors, outputVectors: Int
  /// The set of filters of each point, and whether no point before has the same.
  private let sets: [(number: Int, isFirst: Bool)]
  private let tile = 2 * BlockedProduct.adjointChannels

  init(_ grid: WinogradGrid, _ inputVectors: Int, _ outputVectors: Int) {
    (self.grid, self.inputVectors, self.outputVectors) = (grid, inputVectors, outputVectors)
    var seen = Set<Int>()
    sets = (0..<grid.points).map { point in
      let number = Tile.set(of: point)
      return (number, seen.insert(number).inserted)
    }
  }

  var eighths: Int { inputVectors * 16 / BlockedProduct.adjointChannels }
  var pairs: Int { (outputVectors + 1) / 2 }
  /// Vectors of a register tile's sums, all sets of filters.
  var perTile: Int { (Tile.lines.last?.upperBound ?? 0) * tile }
  /// Vectors of all sums.
  var count: Int { eighths * pairs * perTile }

  /// Adds the products of some rows, or sets the sums, [pairs][eighths] tiles, to them.
  func add(
    _ v: VectorBuffer, _ m: VectorBuffer, rows: Int, eighths: Range<Int>, pairs: Range<Int>, adding: Bool,
    into sums: UnsafeMutablePointer<Vector>
  ) {
    for point in 0..<grid.points {
      let set = sets[point]
      var target = sums + set.number * tile
      for pair in pairs {
        BlockedProduct.adjoint(
          v.base + point * grid.pointStep(vectors: inputVectors), groups: eighths,
          m.base + (point * grid.pointStep(vectors: outputVectors) + 2 * pair * grid.pitch), columns: min(2, outputVectors - 2 * pair),
          pitch: grid.pitch, rows: rows, adding: adding || !set.isFirst, into: target, step: perTile)
        target += eighths.count * perTile
      }
    }
  }

  /// dw of a register tile, from the parts whose sum, in this order, is its dU.
  func finish(_ parts: [UnsafeMutablePointer<Vector>], eighth: Int, pair: Int, into dw: Tensor) {
    WinogradFilters<Tile>.gatherGradient(
      parts, channel: eighth * BlockedProduct.adjointChannels, vectors: 2 * pair..<min(2 * pair + 2, outputVectors), into: dw)
  }
}
