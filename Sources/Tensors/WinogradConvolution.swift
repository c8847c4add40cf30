/// 3 × 3 convolution of stride 1 and padding 1 with fewer multiplications, for channel counts that are multiples of 16.
///
/// Goals, in order: bit-equal for any number of threads; a half to a third of the direct kernels' time; memory for one block of tiles only.
/// Legend: tiles of m × m outputs from t × t inputs (t = m + 2), ξ one of the t² points, C channels in, K channels out.
///   U[ξ] = G g Gᵀ   [C, K]        V[ξ] = Bᵀ d B   [tiles, C]        M[ξ] = V[ξ] · U[ξ]   [tiles, K]        Y = Aᵀ M A
/// The input gradient is the same convolution of dY with the filters turned by half and C, K exchanged. The weight gradient is the adjoint in g:
///   dU[ξ] = V[ξ]ᵀ · (A dY Aᵀ)[ξ],   dg = Gᵀ dU G.
/// Cost per tile: t²·C·K multiplications, about 3·t² additions per channel in and out. Images are cut in blocks (`WinogradGrid`). With few filters every
/// thread has blocks of its own, whose V and M stay in its second-level cache; with many, the threads share a block filter by filter,
/// so that all filters are read once for a block, and dU needs no memory where one block has all images.
/// Tolerance: relative error against Double about 2e-6 (m = 3) to 1e-5 (m = 6), from the cancellation in Bᵀ and Aᵀ.
enum WinogradConvolution<Tile: WinogradTile> {
  typealias Vector = SIMD16<Float>
  /// Products a thread takes at once where a block is shared.
  private static var columnsPerPiece: Int { 8 }
  /// Images a thread transforms at once where a block is shared.
  private static var runs: Int { Pieces.imageRuns }
  /// How many partial weight gradients are summed apart and merged in order; fixed, so that threads do not matter.
  private static var weightGradientPieces: Int { 8 }

  /// y for x, both channels-last of the same height and width. `filters` is U, from `WinogradFilters.transformed`.
  static func forward(
    _ grid: WinogradGrid, _ x: Tensor, channels c: Int, filters: VectorBuffer, outputs k: Int, y: Tensor, team: ThreadTeam
  ) {
    let (inputVectors, outputVectors) = (c / 16, k / 16)
    let filterStep = WinogradFilters<Tile>.step(rows: c, columns: k)
    @Sendable func product(_ v: VectorBuffer, _ m: VectorBuffer, point: Int, rows: Int, columns: Range<Int>) {
      BlockedProduct.multiply(
        v.base + point * grid.pointStep(vectors: inputVectors), rows: rows, pitch: grid.pitch, vectors: inputVectors,
        filters.base + point * filterStep, columns: columns, into: m.base + point * grid.pointStep(vectors: outputVectors))
    }
    if grid.sharesBlocks {
      let (v, m) = (grid.buffer(vectors: inputVectors), grid.buffer(vectors: outputVectors))
      let columns = Pieces(outputVectors, most: (outputVectors + columnsPerPiece - 1) / columnsPerPiece)
      for number in 0..<grid.blockCount {
        let block = grid.block(number)
        let runs = Pieces(block.count, most: runs)
        team.forEach(runs.count) { scatterInputs(grid, x, runs[$0].shifted(by: block.lowerBound), of: block, channels: c, into: v) }
        team.forEach(grid.points * columns.count) { piece in
          product(
            v, m, point: piece / columns.count, rows: block.count * grid.tilesPerImage, columns: columns[piece % columns.count])
        }
        team.forEach(runs.count) { gatherOutputs(grid, m, runs[$0].shifted(by: block.lowerBound), of: block, channels: k, into: y) }
      }
    } else {
      team.forEach(grid.blockCount) { number in
        let (v, m) = (grid.buffer(vectors: inputVectors), grid.buffer(vectors: outputVectors))
        let block = grid.block(number)
        scatterInputs(grid, x, block, of: block, channels: c, into: v)
        for point in 0..<grid.points {
          product(v, m, point: point, rows: block.count * grid.tilesPerImage, columns: 0..<outputVectors)
        }
        gatherOutputs(grid, m, block, of: block, channels: k, into: y)
      }
    }
  }

  /// dw [3, 3, C, K] from x and dy.
  static func weightGradient(_ grid: WinogradGrid, _ x: Tensor, _ dy: Tensor, team: ThreadTeam) -> Tensor {
    let (c, k) = (x.shape[3], dy.shape[3])
    let gradient = Tensor(uninitialized: [3, 3, c, k])
    let (inputVectors, outputVectors) = (c / 16, k / 16)
    let eighths = c / BlockedProduct.adjointChannels
    let (tiles, pairs) = (2 * BlockedProduct.adjointChannels, (outputVectors + 1) / 2)
    /// dU of one point, 8 channels and 2 blocks of filters from the rows of a block.
    @Sendable func product(
      _ v: VectorBuffer, _ m: VectorBuffer, point: Int, rows: Int, eighth: Int, pair: Int, adding: Bool,
      into sums: UnsafeMutablePointer<Vector>
    ) {
      let m0 = m.base + (point * grid.pointStep(vectors: outputVectors) + 2 * pair * grid.pitch)
      BlockedProduct.adjoint(
        v.base + (point * grid.pointStep(vectors: inputVectors) + eighth / 2 * grid.pitch), half: eighth % 2, m0,
        2 * pair + 1 < outputVectors ? UnsafePointer(m0 + grid.pitch) : nil, rows: rows, adding: adding, into: sums)
    }
    @Sendable func finish(_ piece: Int, _ parts: [UnsafeMutablePointer<Vector>]) {
      let pair = piece / eighths
      WinogradFilters<Tile>.gatherGradient(
        parts, channel: piece % eighths * BlockedProduct.adjointChannels, vectors: 2 * pair..<min(2 * pair + 2, outputVectors),
        into: gradient)
    }
    if grid.sharesBlocks {
      let (v, m) = (grid.buffer(vectors: inputVectors), grid.buffer(vectors: outputVectors))
      // Of one block dU is finished where it is computed; over several blocks it has to be kept.
      let last = grid.blockCount - 1
      let kept = last > 0 ? VectorBuffer(uninitializedRows: eighths * pairs * grid.points * tiles, vectorsPerRow: 1) : nil
      for number in 0...last {
        let block = grid.block(number)
        let runs = Pieces(block.count, most: runs)
        team.forEach(runs.count) { run in
          let images = runs[run].shifted(by: block.lowerBound)
          scatterInputs(grid, x, images, of: block, channels: c, into: v)
          spreadGradients(grid, dy, images, of: block, channels: k, into: m)
        }
        team.forEach(eighths * pairs) { piece in
          let scratch = kept ?? VectorBuffer(uninitializedRows: grid.points * tiles, vectorsPerRow: 1)
          let sums = scratch.base + (kept == nil ? 0 : piece * grid.points * tiles)
          for point in 0..<grid.points {
            product(
              v, m, point: point, rows: block.count * grid.tilesPerImage, eighth: piece % eighths, pair: piece / eighths,
              adding: number > 0, into: sums + point * tiles)
          }
          if number == last { finish(piece, [sums]) }
        }
      }
    } else {
      let parts = Pieces(grid.blockCount, most: weightGradientPieces)
      let sums = (0..<parts.count).map { _ in VectorBuffer(uninitializedRows: eighths * pairs * grid.points * tiles, vectorsPerRow: 1) }
      team.forEach(parts.count) { part in
        let (v, m) = (grid.buffer(vectors: inputVectors), grid.buffer(vectors: outputVectors))
        for number in parts[part] {
          let block = grid.block(number)
          scatterInputs(grid, x, block, of: block, channels: c, into: v)
          spreadGradients(grid, dy, block, of: block, channels: k, into: m)
          for point in 0..<grid.points {
            for piece in 0..<eighths * pairs {
              product(
                v, m, point: point, rows: block.count * grid.tilesPerImage, eighth: piece % eighths, pair: piece / eighths,
                adding: number > parts[part].lowerBound, into: sums[part].base + (piece * grid.points + point) * tiles)
            }
          }
        }
      }
      team.forEach(eighths * pairs) { piece in finish(piece, sums.map { $0.base + piece * grid.points * tiles }) }
    }
    return gradient
  }

  // MARK: Transforms of the tiles of some images

  private static func scatterInputs(
    _ grid: WinogradGrid, _ x: Tensor, _ images: Range<Int>, of block: Range<Int>, channels c: Int, into v: VectorBuffer
  ) {
    let (t, vectors) = (Tile.points, c / 16)
    let pointStep = grid.pointStep(vectors: vectors)
    withUnsafeTemporaryAllocation(of: Vector.self, capacity: 2 * t * t) { work in
      guard let tile = work.baseAddress else { return }
      let half = tile + t * t
      grid.forEachTile(images, of: block) { row, image, top, left in
        let first = left == 0 ? 1 : 0
        let last = min(t, grid.width - left + 1)
        for vector in 0..<vectors {
          for i in 0..<t {
            let y = top &+ i &- 1
            let line = tile + i &* t
            guard y >= 0, y < grid.height else {
              line.update(repeating: Vector(), count: t)
              continue
            }
            let pixel = (image &* grid.height &+ y) &* grid.width &+ left &- 1
            let pixels = x.base + (pixel &* c &+ vector &* 16)
            if first == 1 { line[0] = Vector() }
            for j in first..<last { line[j] = load(pixels + j &* c) }
            for j in last..<t { line[j] = Vector() }
          }
          for j in 0..<t { Tile.input(tile + j, t, into: half + j, t) }
          let target = v.base + (vector &* grid.pitch &+ row)
          for i in 0..<t { Tile.input(half + i &* t, 1, into: target + i &* t &* pointStep, pointStep) }
        }
      }
    }
  }

  private static func gatherOutputs(
    _ grid: WinogradGrid, _ m: VectorBuffer, _ images: Range<Int>, of block: Range<Int>, channels k: Int, into y: Tensor
  ) {
    let (t, outputs, vectors) = (Tile.points, Tile.outputs, k / 16)
    let pointStep = grid.pointStep(vectors: vectors)
    withUnsafeTemporaryAllocation(of: Vector.self, capacity: 2 * t * t) { work in
      guard let half = work.baseAddress else { return }
      let tile = half + t * t
      grid.forEachTile(images, of: block) { row, image, top, left in
        let (down, across) = (min(outputs, grid.height - top), min(outputs, grid.width - left))
        for vector in 0..<vectors {
          let source = m.base + (vector &* grid.pitch &+ row)
          for j in 0..<t { Tile.output(source + j &* pointStep, t &* pointStep, into: half + j, t) }
          for i in 0..<down {
            Tile.output(half + i &* t, 1, into: tile, 1)
            let pixels = y.base + (((image &* grid.height &+ top &+ i) &* grid.width &+ left) &* k &+ vector &* 16)
            for j in 0..<across { store(tile[j], pixels + j &* k) }
          }
        }
      }
    }
  }

  private static func spreadGradients(
    _ grid: WinogradGrid, _ dy: Tensor, _ images: Range<Int>, of block: Range<Int>, channels k: Int, into m: VectorBuffer
  ) {
    let (t, outputs, vectors) = (Tile.points, Tile.outputs, k / 16)
    let pointStep = grid.pointStep(vectors: vectors)
    withUnsafeTemporaryAllocation(of: Vector.self, capacity: 2 * t * t) { work in
      guard let tile = work.baseAddress else { return }
      let half = tile + t * t
      grid.forEachTile(images, of: block) { row, image, top, left in
        let (down, across) = (min(outputs, grid.height - top), min(outputs, grid.width - left))
        for vector in 0..<vectors {
          for i in 0..<outputs {
            let line = tile + i &* t
            guard i < down else {
              line.update(repeating: Vector(), count: outputs)
              continue
            }
            let pixels = dy.base + (((image &* grid.height &+ top &+ i) &* grid.width &+ left) &* k &+ vector &* 16)
            for j in 0..<across { line[j] = load(pixels + j &* k) }
            for j in across..<outputs { line[j] = Vector() }
          }
          for j in 0..<outputs { Tile.spread(tile + j, t, into: half + j, t) }
          let target = m.base + (vector &* grid.pitch &+ row)
          for i in 0..<t { Tile.spread(half + i &* t, 1, into: target + i &* t &* pointStep, pointStep) }
        }
      }
    }
  }

  @inline(__always)
  private static func load(_ p: UnsafeMutablePointer<Float>) -> Vector { UnsafeRawPointer(p).loadUnaligned(as: Vector.self) }

  @inline(__always)
  private static func store(_ v: Vector, _ p: UnsafeMutablePointer<Float>) { UnsafeMutableRawPointer(p).storeBytes(of: v, as: Vector.self) }
}

extension Range where Bound == Int {
  /// The same range so much further on.
  func shifted(by offset: Int) -> Range<Int> { lowerBound + offset..<upperBound + offset }
}
