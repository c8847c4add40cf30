/// 3 × 3 convolution of stride 1 and padding 1 with fewer multiplications, for channel counts that are multiples of 16.
///
/// Goals, in order: bit-equal for any number of threads; a half to a third of the direct kernels' time; memory for one block of tiles only.
/// Legend: tiles of m × m outputs from t × t inputs (t = m + 2), ξ one of the t² points, C channels in, K channels out.
///   U[ξ] = G g Gᵀ   [C, K]        V[ξ] = Bᵀ d B   [tiles, C]        M[ξ] = V[ξ] · U[ξ]   [tiles, K]        Y = Aᵀ M A
/// The input gradient is the same convolution of dY with the filters turned by half and C, K exchanged. The weight gradient is the adjoint in g:
///   dU[ξ] = V[ξ]ᵀ · (A dY Aᵀ)[ξ],   dg = Gᵀ dU G.
/// Cost per tile: t²·C·K multiplications, about 3·t² additions per channel in and out. Images are cut in runs, runs in blocks whose V and M stay in
/// the second-level cache. Tolerance: relative error against Double about 1e-6 (m = 3) to 4e-6 (m = 4), from the cancellation in Bᵀ and Aᵀ.
enum WinogradConvolution<Tile: WinogradTile> {
  typealias Vector = SIMD16<Float>

  /// y for x, both channels-last of the same height and width. `filters` is U, from `transformed`.
  static func forward(
    _ grid: WinogradGrid, _ x: Tensor, channels c: Int, filters: VectorBuffer, outputs k: Int, y: Tensor, team: ThreadTeam
  ) {
    let (t, inputVectors, outputVectors) = (Tile.points, c / 16, k / 16)
    team.forEach(grid.runs.count) { run in
      let v = VectorBuffer(uninitializedRows: t * t * grid.panel, vectorsPerRow: inputVectors)
      let m = VectorBuffer(uninitializedRows: t * t * grid.panel, vectorsPerRow: outputVectors)
      let work = VectorBuffer(uninitializedRows: 2 * t * t, vectorsPerRow: 1)
      for block in grid.blocks(of: run) {
        let tiles = block.count * grid.tilesPerImage
        scatterInputs(grid, x, images: block, channels: c, into: v, work)
        for point in 0..<t * t {
          WinogradGrid.product(
            v.base + point * grid.panel * inputVectors, rows: tiles, channels: c, filters.base + point * c * outputVectors, outputs: k,
            into: m.base + point * grid.panel * outputVectors)
        }
        gatherOutputs(grid, m, images: block, channels: k, into: y, work)
      }
    }
  }

  /// dw [3, 3, C, K] from x and dy.
  static func weightGradient(_ grid: WinogradGrid, _ x: Tensor, _ dy: Tensor, team: ThreadTeam) -> Tensor {
    let (c, k, t) = (x.shape[3], dy.shape[3], Tile.points)
    let (inputVectors, outputVectors) = (c / 16, k / 16)
    let parts = Pieces(grid.runs.count, most: Convolution.weightGradientPieces)
    let partial = (0..<parts.count).map { _ in VectorBuffer(rows: t * t * c, vectorsPerRow: outputVectors) }
    team.forEach(parts.count) { part in
      let v = VectorBuffer(uninitializedRows: t * t * grid.panel, vectorsPerRow: inputVectors)
      let m = VectorBuffer(uninitializedRows: t * t * grid.panel, vectorsPerRow: outputVectors)
      let work = VectorBuffer(uninitializedRows: 2 * t * t, vectorsPerRow: 1)
      for run in parts[part] {
        for block in grid.blocks(of: run) {
          scatterInputs(grid, x, images: block, channels: c, into: v, work)
          spreadGradients(grid, dy, images: block, channels: k, into: m, work)
          for point in 0..<t * t {
            WinogradGrid.adjointProduct(
              v.base + point * grid.panel * inputVectors, rows: block.count * grid.tilesPerImage, channels: c,
              m.base + point * grid.panel * outputVectors, outputs: k, addingTo: partial[part].base + point * c * outputVectors)
          }
        }
      }
    }
    let gradient = Tensor(uninitialized: [3, 3, c, k])
    let g = Tile.filter.flatMap { $0 }
    team.forEach(c) { channel in
      let sum = VectorBuffer(uninitializedRows: t * t, vectorsPerRow: 1)
      let half = VectorBuffer(uninitializedRows: 3 * t, vectorsPerRow: 1)
      for vector in 0..<outputVectors {
        for point in 0..<t * t {
          let at = (point * c + channel) * outputVectors + vector
          sum.base[point] = partial[0].base[at]
          for part in partial.dropFirst() { sum.base[point] += part.base[at] }
        }
        // Gᵀ dU first, then (Gᵀ dU) G.
        for column in 0..<t {
          var (a, b, d) = (Vector(), Vector(), Vector())
          for row in 0..<t {
            let u = sum.base[row * t + column]
            a.addProduct(u, g[row * 3])
            b.addProduct(u, g[row * 3 + 1])
            d.addProduct(u, g[row * 3 + 2])
          }
          (half.base[column], half.base[t + column], half.base[2 * t + column]) = (a, b, d)
        }
        for i in 0..<3 {
          var (a, b, d) = (Vector(), Vector(), Vector())
          for column in 0..<t {
            let u = half.base[i * t + column]
            a.addProduct(u, g[column * 3])
            b.addProduct(u, g[column * 3 + 1])
            d.addProduct(u, g[column * 3 + 2])
          }
          let at = gradient.base + (i * 3 * c + channel) * k + vector * 16
          store(a, at)
          store(b, at + c * k)
          store(d, at + 2 * c * k)
        }
      }
    }
    return gradient
  }

  /// U [t², C, K] of the filters [3, 3, C, K].
  static func transformed(_ weights: Tensor, team: ThreadTeam) -> VectorBuffer {
    let (c, k, t) = (weights.shape[2], weights.shape[3], Tile.points)
    let filters = VectorBuffer(uninitializedRows: t * t * c, vectorsPerRow: k / 16)
    let g = Tile.filter.flatMap { $0 }
    team.forEach(c) { channel in
      let half = VectorBuffer(uninitializedRows: t * 3, vectorsPerRow: 1)
      for vector in 0..<k / 16 {
        for column in 0..<3 {
          let (a, b, d) = (tap(0, column), tap(1, column), tap(2, column))
          for row in 0..<t { half.base[row * 3 + column] = a * g[row * 3] + b * g[row * 3 + 1] + d * g[row * 3 + 2] }
        }
        for row in 0..<t {
          let (a, b, d) = (half.base[row * 3], half.base[row * 3 + 1], half.base[row * 3 + 2])
          for column in 0..<t {
            filters.base[((row * t + column) * c + channel) * (k / 16) + vector] =
              a * g[column * 3] + b * g[column * 3 + 1] + d * g[column * 3 + 2]
          }
        }
        func tap(_ i: Int, _ j: Int) -> Vector { load(weights.base + ((i * 3 + j) * c + channel) * k + vector * 16) }
      }
    }
    return filters
  }

  // MARK: Transforms of the tiles of some images

  private static func scatterInputs(
    _ grid: WinogradGrid, _ x: Tensor, images: Range<Int>, channels c: Int, into v: VectorBuffer, _ work: VectorBuffer
  ) {
    let (t, vectors) = (Tile.points, c / 16)
    let (tile, half) = (work.base, work.base + t * t)
    let pointStep = grid.panel * vectors
    grid.forEachTile(images, outputs: Tile.outputs) { number, image, top, left in
      for vector in 0..<vectors {
        let first = left == 0 ? 1 : 0
        let last = min(t, grid.width - left + 1)
        for i in 0..<t {
          let row = top &+ i &- 1
          let line = tile + i &* t
          guard row >= 0, row < grid.height else {
            line.update(repeating: Vector(), count: t)
            continue
          }
          let pixel = (image &* grid.height &+ row) &* grid.width &+ left &- 1
          let pixels = x.base + (pixel &* c &+ vector &* 16)
          if first == 1 { line[0] = Vector() }
          for j in first..<last { line[j] = load(pixels + j &* c) }
          for j in last..<t { line[j] = Vector() }
        }
        for j in 0..<t { Tile.input(tile + j, t, into: half + j, t) }
        let target = v.base + number * vectors + vector
        for i in 0..<t { Tile.input(half + i * t, 1, into: target + i * t * pointStep, pointStep) }
      }
    }
  }

  private static func gatherOutputs(
    _ grid: WinogradGrid, _ m: VectorBuffer, images: Range<Int>, channels k: Int, into y: Tensor, _ work: VectorBuffer
  ) {
    let (t, outputs, vectors) = (Tile.points, Tile.outputs, k / 16)
    let (half, tile) = (work.base, work.base + t * t)
    let pointStep = grid.panel * vectors
    grid.forEachTile(images, outputs: outputs) { number, image, top, left in
      for vector in 0..<vectors {
        let source = m.base + number * vectors + vector
        for j in 0..<t { Tile.output(source + j * pointStep, t * pointStep, into: half + j, t) }
        for i in 0..<outputs { Tile.output(half + i * t, 1, into: tile + i * t, 1) }
        for i in 0..<min(outputs, grid.height - top) {
          for j in 0..<min(outputs, grid.width - left) {
            store(tile[i * t + j], y.base + ((image * grid.height + top + i) * grid.width + left + j) * k + vector * 16)
          }
        }
      }
    }
  }

  private static func spreadGradients(
    _ grid: WinogradGrid, _ dy: Tensor, images: Range<Int>, channels k: Int, into m: VectorBuffer, _ work: VectorBuffer
  ) {
    let (t, outputs, vectors) = (Tile.points, Tile.outputs, k / 16)
    let (tile, half) = (work.base, work.base + t * t)
    let pointStep = grid.panel * vectors
    grid.forEachTile(images, outputs: outputs) { number, image, top, left in
      for vector in 0..<vectors {
        for i in 0..<outputs {
          for j in 0..<outputs {
            let inside = top + i < grid.height && left + j < grid.width
            tile[i &* t &+ j] =
              inside ? load(dy.base + ((image * grid.height + top + i) * grid.width + left + j) * k + vector * 16) : Vector()
          }
        }
        for j in 0..<outputs { Tile.spread(tile + j, t, into: half + j, t) }
        let target = m.base + number * vectors + vector
        for i in 0..<t { Tile.spread(half + i * t, 1, into: target + i * t * pointStep, pointStep) }
      }
    }
  }

  @inline(__always)
  private static func load(_ p: UnsafeMutablePointer<Float>) -> Vector { UnsafeRawPointer(p).loadUnaligned(as: Vector.self) }

  @inline(__always)
  private static func store(_ v: Vector, _ p: UnsafeMutablePointer<Float>) { UnsafeMutableRawPointer(p).storeBytes(of: v, as: Vector.self) }
}
