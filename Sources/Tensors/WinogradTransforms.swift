/// The tiles of some images between their pixels and the points of a fast convolution, 16 channels at a time.
struct WinogradTransforms<Tile: WinogradTile>: Sendable {
  private typealias Vector = SIMD16<Float>
  private let grid: WinogradGrid

  init(_ grid: WinogradGrid) { self.grid = grid }

  /// V = Bᵀ d B of the tiles of x.
  func scatterInputs(_ x: Tensor, _ images: Range<Int>, of block: Range<Int>, into v: VectorBuffer) {
    let (n, c) = (Tile.inputs, x.shape[3])
    let vectors = c / 16
    let pointStep = grid.pointStep(vectors: vectors)
    withUnsafeTemporaryAllocation(of: Vector.self, capacity: n * n + Tile.scratchVectors) { work in
      guard let tile = work.baseAddress else { return }
      grid.forEachTile(images, of: block) { row, image, top, left in
        let (firstRow, firstColumn) = (top &* Tile.stride &- Tile.margin, left &* Tile.stride &- Tile.margin)
        let (first, last) = (max(0, -firstColumn), min(n, grid.width &- firstColumn))
        for vector in 0..<vectors {
          for i in 0..<n {
            let y = firstRow &+ i
            let line = tile + i &* n
            guard y >= 0, y < grid.height else {
              line.update(repeating: Vector(), count: n)
              continue
            }
            let pixel = (image &* grid.height &+ y) &* grid.width &+ firstColumn
            let pixels = x.base + (pixel &* c &+ vector &* 16)
            for j in 0..<first { line[j] = Vector() }
            for j in first..<last { line[j] = load(pixels + j &* c) }
            for j in last..<n { line[j] = Vector() }
          }
          Tile.input(tile, into: v.base + (vector &* grid.pitch &+ row), pointStep, scratch: tile + n * n)
        }
      }
    }
  }

  /// dx = B dV Bᵀ, added up over the tiles of an image in their order.
  func collectInputs(_ v: VectorBuffer, _ images: Range<Int>, of block: Range<Int>, into dx: Tensor) {
    let (n, c) = (Tile.inputs, dx.shape[3])
    let vectors = c / 16
    let pointStep = grid.pointStep(vectors: vectors)
    let alone = grid.tilesPerImage == 1
    if !alone {
      let imageSize = grid.height * grid.width * c
      (dx.base + images.lowerBound * imageSize).update(repeating: 0, count: images.count * imageSize)
    }
    withUnsafeTemporaryAllocation(of: Vector.self, capacity: n * n + Tile.scratchVectors) { work in
      guard let tile = work.baseAddress else { return }
      grid.forEachTile(images, of: block) { row, image, top, left in
        let (firstRow, firstColumn) = (top &* Tile.stride &- Tile.margin, left &* Tile.stride &- Tile.margin)
        let (first, last) = (max(0, -firstColumn), min(n, grid.width &- firstColumn))
        for vector in 0..<vectors {
          Tile.inputAdjoint(v.base + (vector &* grid.pitch &+ row), pointStep, into: tile, scratch: tile + n * n)
          for i in max(0, -firstRow)..<min(n, grid.height &- firstRow) {
            let line = tile + i &* n
            let pixel = (image &* grid.height &+ firstRow &+ i) &* grid.width &+ firstColumn
            let pixels = dx.base + (pixel &* c &+ vector &* 16)
            if alone {
              for j in first..<last { store(line[j], pixels + j &* c) }
            } else {
              for j in first..<last { store(load(pixels + j &* c) + line[j], pixels + j &* c) }
            }
          }
        }
      }
    }
  }

  /// Y = Aᵀ M A.
  func gatherOutputs(_ m: VectorBuffer, _ images: Range<Int>, of block: Range<Int>, into y: Tensor) {
    let (outputs, k) = (Tile.outputs, y.shape[3])
    let vectors = k / 16
    let pointStep = grid.pointStep(vectors: vectors)
    withUnsafeTemporaryAllocation(of: Vector.self, capacity: outputs * outputs + Tile.scratchVectors) { work in
      guard let tile = work.baseAddress else { return }
      grid.forEachTile(images, of: block) { row, image, top, left in
        let (down, across) = (min(outputs, grid.outputHeight &- top), min(outputs, grid.outputWidth &- left))
        for vector in 0..<vectors {
          Tile.output(m.base + (vector &* grid.pitch &+ row), pointStep, into: tile, scratch: tile + outputs * outputs)
          for i in 0..<down {
            let line = tile + i &* outputs
            let pixels = y.base + (((image &* grid.outputHeight &+ top &+ i) &* grid.outputWidth &+ left) &* k &+ vector &* 16)
            for j in 0..<across { store(line[j], pixels + j &* k) }
          }
        }
      }
    }
  }

  /// dM = A dY Aᵀ.
  func spreadGradients(_ dy: Tensor, _ images: Range<Int>, of block: Range<Int>, into m: VectorBuffer) {
    let (outputs, k) = (Tile.outputs, dy.shape[3])
    let vectors = k / 16
    let pointStep = grid.pointStep(vectors: vectors)
    withUnsafeTemporaryAllocation(of: Vector.self, capacity: outputs * outputs + Tile.scratchVectors) { work in
      guard let tile = work.baseAddress else { return }
      grid.forEachTile(images, of: block) { row, image, top, left in
        let (down, across) = (min(outputs, grid.outputHeight &- top), min(outputs, grid.outputWidth &- left))
        for vector in 0..<vectors {
          for i in 0..<outputs {
            let line = tile + i &* outputs
            guard i < down else {
              line.update(repeating: Vector(), count: outputs)
              continue
            }
            let pixels = dy.base + (((image &* grid.outputHeight &+ top &+ i) &* grid.outputWidth &+ left) &* k &+ vector &* 16)
            for j in 0..<across { line[j] = load(pixels + j &* k) }
            for j in across..<outputs { line[j] = Vector() }
          }
          Tile.outputAdjoint(
            tile, into: m.base + (vector &* grid.pitch &+ row), pointStep, scratch: tile + outputs * outputs)
        }
      }
    }
  }

  @inline(__always)
  private func load(_ p: UnsafeMutablePointer<Float>) -> Vector { UnsafeRawPointer(p).loadUnaligned(as: Vector.self) }

  @inline(__always)
  private func store(_ v: Vector, _ p: UnsafeMutablePointer<Float>) { UnsafeMutableRawPointer(p).storeBytes(of: v, as: Vector.self) }
}

extension Range where Bound == Int {
  /// The same range so much further on.
  func shifted(by offset: Int) -> Range<Int> { lowerBound + offset..<upperBound + offset }
}
