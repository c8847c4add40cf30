/// The tiles of some images between their pixels and the points of a fast convolution, as many channels at a time as a register holds.
struct WinogradTransforms<Tile: WinogradTile>: Sendable {
  private let grid: WinogradGrid

  init(_ grid: WinogradGrid) { self.grid = grid }

  /// V = Bᵀ d B of the tiles of x.
  func scatterInputs(_ x: Tensor, _ images: Range<Int>, of block: Range<Int>, into v: VectorBuffer) {
    let (n, c) = (Tile.inputs, x.shape[3])
    let points = Points(x, grid)
    withUnsafeTemporaryAllocation(of: Lanes.self, capacity: n * n + Tile.scratchVectors) { work in
      guard let tile = work.baseAddress else { return }
      grid.forEachTile(images, of: block) { row, image, top, left in
        let (firstRow, firstColumn) = (top &* Tile.stride &- Tile.margin, left &* Tile.stride &- Tile.margin)
        let (first, last) = (max(0, -firstColumn), min(n, grid.width &- firstColumn))
        for part in 0..<points.parts {
          for i in 0..<n {
            let y = firstRow &+ i
            let line = tile + i &* n
            guard y >= 0, y < grid.height else {
              line.update(repeating: Lanes(), count: n)
              continue
            }
            let pixel = (image &* grid.height &+ y) &* grid.width &+ firstColumn
            let pixels = x.base + (pixel &* c &+ part &* Lanes.scalarCount)
            for j in 0..<first { line[j] = Lanes() }
            for j in first..<last { line[j] = Lanes(loading: pixels + j &* c) }
            for j in last..<n { line[j] = Lanes() }
          }
          Tile.input(tile, into: points.place(in: v, row, part), points.step, scratch: tile + n * n)
        }
      }
    }
  }

  /// dx = B dV Bᵀ, added up over the tiles of an image in their order.
  func collectInputs(_ v: VectorBuffer, _ images: Range<Int>, of block: Range<Int>, into dx: Tensor) {
    let (n, c) = (Tile.inputs, dx.shape[3])
    let points = Points(dx, grid)
    let alone = grid.tilesPerImage == 1
    if !alone {
      let imageSize = grid.height * grid.width * c
      (dx.base + images.lowerBound * imageSize).update(repeating: 0, count: images.count * imageSize)
    }
    withUnsafeTemporaryAllocation(of: Lanes.self, capacity: n * n + Tile.scratchVectors) { work in
      guard let tile = work.baseAddress else { return }
      grid.forEachTile(images, of: block) { row, image, top, left in
        let (firstRow, firstColumn) = (top &* Tile.stride &- Tile.margin, left &* Tile.stride &- Tile.margin)
        let (first, last) = (max(0, -firstColumn), min(n, grid.width &- firstColumn))
        for part in 0..<points.parts {
          Tile.inputAdjoint(points.place(in: v, row, part), points.step, into: tile, scratch: tile + n * n)
          for i in max(0, -firstRow)..<min(n, grid.height &- firstRow) {
            let line = tile + i &* n
            let pixel = (image &* grid.height &+ firstRow &+ i) &* grid.width &+ firstColumn
            let pixels = dx.base + (pixel &* c &+ part &* Lanes.scalarCount)
            if alone {
              for j in first..<last { line[j].store(to: pixels + j &* c) }
            } else {
              for j in first..<last { (Lanes(loading: pixels + j &* c) + line[j]).store(to: pixels + j &* c) }
            }
          }
        }
      }
    }
  }

  /// Y = Aᵀ M A.
  func gatherOutputs(_ m: VectorBuffer, _ images: Range<Int>, of block: Range<Int>, into y: Tensor) {
    let (outputs, k) = (Tile.outputs, y.shape[3])
    let points = Points(y, grid)
    withUnsafeTemporaryAllocation(of: Lanes.self, capacity: outputs * outputs + Tile.scratchVectors) { work in
      guard let tile = work.baseAddress else { return }
      grid.forEachTile(images, of: block) { row, image, top, left in
        let (down, across) = (min(outputs, grid.outputHeight &- top), min(outputs, grid.outputWidth &- left))
        for part in 0..<points.parts {
          Tile.output(points.place(in: m, row, part), points.step, into: tile, scratch: tile + outputs * outputs)
          for i in 0..<down {
            let line = tile + i &* outputs
            let pixels = y.base + (((image &* grid.outputHeight &+ top &+ i) &* grid.outputWidth &+ left) &* k &+ part &* Lanes.scalarCount)
            for j in 0..<across { line[j].store(to: pixels + j &* k) }
          }
        }
      }
    }
  }

  /// dM = A dY Aᵀ.
  func spreadGradients(_ dy: Tensor, _ images: Range<Int>, of block: Range<Int>, into m: VectorBuffer) {
    let (outputs, k) = (Tile.outputs, dy.shape[3])
    let points = Points(dy, grid)
    withUnsafeTemporaryAllocation(of: Lanes.self, capacity: outputs * outputs + Tile.scratchVectors) { work in
      guard let tile = work.baseAddress else { return }
      grid.forEachTile(images, of: block) { row, image, top, left in
        let (down, across) = (min(outputs, grid.outputHeight &- top), min(outputs, grid.outputWidth &- left))
        for part in 0..<points.parts {
          for i in 0..<outputs {
            let line = tile + i &* outputs
            guard i < down else {
              line.update(repeating: Lanes(), count: outputs)
              continue
            }
            let pixels = dy.base + (((image &* grid.outputHeight &+ top &+ i) &* grid.outputWidth &+ left) &* k &+ part &* Lanes.scalarCount)
            for j in 0..<across { line[j] = Lanes(loading: pixels + j &* k) }
            for j in across..<outputs { line[j] = Lanes() }
          }
          Tile.outputAdjoint(
            tile, into: points.place(in: m, row, part), points.step, scratch: tile + outputs * outputs)
        }
      }
    }
  }

  /// Where the points' matrices of a block hold the channels of a tile.
  private struct Points {
    private let pitch: Int
    /// Registers that hold all channels of a pixel, and from a point's matrix to the next.
    let parts, step: Int
    private static var perVector: Int { 16 / Lanes.scalarCount }

    init(_ images: Tensor, _ grid: WinogradGrid) {
      let vectors = images.shape[3] / 16
      pitch = grid.pitch
      (parts, step) = (vectors * Self.perVector, grid.pointStep(vectors: vectors) * Self.perVector)
    }

    @inline(__always)
    func place(in matrices: VectorBuffer, _ row: Int, _ part: Int) -> UnsafeMutablePointer<Lanes> {
      let vector = part / Self.perVector &* pitch &+ row
      return UnsafeMutableRawPointer(matrices.base).assumingMemoryBound(to: Lanes.self) + (vector &* Self.perVector &+ part % Self.perVector)
    }
  }
}

extension Range where Bound == Int {
  /// The same range so much further on.
  func shifted(by offset: Int) -> Range<Int> { lowerBound + offset..<upperBound + offset }
}
