/// Convolution as one matrix product over patches, for any kernel, stride and padding where channel counts are multiples of 16.
///
/// Goals, in order: bit-equal for any number of threads; the FMA units busy; memory for the patches of one block of images only.
/// Legend: V [outputs, k²·C] the patch each output sees, tap by tap, zeros outside the image; U [k²·C, K] the weights; Y = V · U.
/// Backward: dU = Vᵀ · dY; dV = dY · Uᵀ, and every element of dV is added to the pixel it was read from, in the order of outputs and taps.
/// All matrices in blocks of 16 columns (`BlockedProduct`). Cost 2·P·Q·k²·C·K flop an image, and one copy of every patch.
enum PatchConvolution {
  typealias Vector = SIMD16<Float>
  /// Outputs of a block, at least those of one image: enough that the product reuses the weights it loads; few enough that the patches of maps of
  /// up to 9 × 9 outputs stay in the second-level cache.
  private static let outputsPerBlock = 84
  /// How many partial weight gradients are summed apart and merged in order; fixed, so that threads do not matter.
  private static let weightGradientPieces = 4

  /// Which images are worked on together.
  private struct Blocks: Sendable {
    let images, perBlock, pixels: Int
    var count: Int { (images + perBlock - 1) / perBlock }
    var pitch: Int { BlockedProduct.pitch(rows: perBlock * pixels) }
    subscript(number: Int) -> Range<Int> { number * perBlock..<min(images, (number + 1) * perBlock) }

    init(_ s: ConvolutionShape) {
      (images, pixels) = (s.images, s.outputHeight * s.outputWidth)
      perBlock = max(1, min(images, outputsPerBlock / pixels))
    }
  }

  static func suits(_ s: ConvolutionShape) -> Bool { s.inputChannels % 16 == 0 && s.outputChannels % 16 == 0 }

  static func forward(_ s: ConvolutionShape, _ x: Tensor, weights: Tensor, team: ThreadTeam) -> Tensor {
    let y = Tensor(uninitialized: s.output)
    let blocks = Blocks(s)
    let (depth, outputs) = (s.kernel * s.kernel * s.inputChannels / 16, s.outputChannels / 16)
    let u = blocked(weights, rows: depth * 16, columns: s.outputChannels)
    team.forEach(blocks.count) { number in
      let v = VectorBuffer(uninitializedRows: depth * blocks.pitch, vectorsPerRow: 1)
      let m = VectorBuffer(uninitializedRows: outputs * blocks.pitch, vectorsPerRow: 1)
      gather(s, x, blocks[number], pitch: blocks.pitch, into: v)
      let rows = blocks[number].count * blocks.pixels
      BlockedProduct.multiply(v.base, rows: rows, pitch: blocks.pitch, vectors: depth, u.base, columns: 0..<outputs, into: m.base)
      let to = y.base + blocks[number].lowerBound * blocks.pixels * s.outputChannels
      for vector in 0..<outputs {
        for row in 0..<rows { store(m.base[vector &* blocks.pitch &+ row], to + (row &* s.outputChannels &+ vector &* 16)) }
      }
    }
    return y
  }

  static func backward(
    _ s: ConvolutionShape, _ x: Tensor, weights: Tensor, outputGradient dy: Tensor, needsInputGradient: Bool, team: ThreadTeam
  ) -> (input: Tensor?, weights: Tensor) {
    let blocks = Blocks(s)
    let (depth, outputs) = (s.kernel * s.kernel * s.inputChannels / 16, s.outputChannels / 16)
    let turned = needsInputGradient ? blockedTranspose(weights, rows: depth * 16, columns: s.outputChannels) : nil
    let dx = needsInputGradient ? Tensor(uninitialized: x.shape) : nil
    let parts = Pieces(blocks.count, most: weightGradientPieces)
    let (eighths, pairs, tile) = (2 * depth, (outputs + 1) / 2, 2 * BlockedProduct.adjointChannels)
    let sums = (0..<parts.count).map { _ in VectorBuffer(uninitializedRows: eighths * pairs * tile, vectorsPerRow: 1) }
    team.forEach(parts.count) { part in
      let v = VectorBuffer(uninitializedRows: depth * blocks.pitch, vectorsPerRow: 1)
      let m = VectorBuffer(uninitializedRows: outputs * blocks.pitch, vectorsPerRow: 1)
      for number in parts[part] {
        let rows = blocks[number].count * blocks.pixels
        gather(s, x, blocks[number], pitch: blocks.pitch, into: v)
        let from = dy.base + blocks[number].lowerBound * blocks.pixels * s.outputChannels
        for vector in 0..<outputs {
          for row in 0..<rows { m.base[vector &* blocks.pitch &+ row] = load(from + (row &* s.outputChannels &+ vector &* 16)) }
        }
        for piece in 0..<eighths * pairs {
          let (eighth, pair) = (piece % eighths, piece / eighths)
          let m0 = m.base + 2 * pair * blocks.pitch
          BlockedProduct.adjoint(
            v.base + eighth / 2 * blocks.pitch, half: eighth % 2, m0, 2 * pair + 1 < outputs ? UnsafePointer(m0 + blocks.pitch) : nil,
            rows: rows, adding: number > parts[part].lowerBound, into: sums[part].base + piece * tile)
        }
        if let dx, let turned {
          BlockedProduct.multiply(
            m.base, rows: rows, pitch: blocks.pitch, vectors: outputs, turned.base, columns: 0..<depth, into: v.base)
          scatter(s, v, blocks[number], pitch: blocks.pitch, into: dx)
        }
      }
    }
    let dw = Tensor(uninitialized: s.weights)
    team.forEach(eighths * pairs) { piece in
      let (row, column) = (piece % eighths * BlockedProduct.adjointChannels, piece / eighths * 2)
      for number in 0..<tile where column + number % 2 < outputs {
        var sum = sums[0].base[piece * tile + number]
        for part in sums.dropFirst() { sum += part.base[piece * tile + number] }
        store(sum, dw.base + (row + number / 2) * s.outputChannels + (column + number % 2) * 16)
      }
    }
    return (dx, dw)
  }

  // MARK: Patches

  /// Calls `body` for every tap and output of some images with the row of V, the first block of columns of the tap, and the pixel it sees, nil outside
  /// the image.
  @inline(__always)
  private static func forEachTap(
    _ s: ConvolutionShape, _ images: Range<Int>, _ body: (_ row: Int, _ block: Int, _ pixel: Int?) -> Void
  ) {
    for tap in 0..<s.kernel * s.kernel {
      let (down, across) = (tap / s.kernel - s.padding, tap % s.kernel - s.padding)
      var row = 0
      for image in images {
        for p in 0..<s.outputHeight {
          for q in 0..<s.outputWidth {
            let (i, j) = (p &* s.stride &+ down, q &* s.stride &+ across)
            let inside = i >= 0 && i < s.height && j >= 0 && j < s.width
            body(row, tap &* (s.inputChannels / 16), inside ? (image &* s.height &+ i) &* s.width &+ j : nil)
            row &+= 1
          }
        }
      }
    }
  }

  private static func gather(_ s: ConvolutionShape, _ x: Tensor, _ images: Range<Int>, pitch: Int, into v: VectorBuffer) {
    let vectors = s.inputChannels / 16
    forEachTap(s, images) { row, block, pixel in
      let to = v.base + (block &* pitch &+ row)
      if let pixel {
        let from = x.base + pixel &* s.inputChannels
        for vector in 0..<vectors { to[vector &* pitch] = load(from + vector &* 16) }
      } else {
        for vector in 0..<vectors { to[vector &* pitch] = Vector() }
      }
    }
  }

  private static func scatter(_ s: ConvolutionShape, _ v: VectorBuffer, _ images: Range<Int>, pitch: Int, into dx: Tensor) {
    let (vectors, imageSize) = (s.inputChannels / 16, s.height * s.width * s.inputChannels)
    (dx.base + images.lowerBound * imageSize).update(repeating: 0, count: images.count * imageSize)
    forEachTap(s, images) { row, block, pixel in
      guard let pixel else { return }
      let (from, to) = (v.base + (block &* pitch &+ row), dx.base + pixel &* s.inputChannels)
      for vector in 0..<vectors { store(load(to + vector &* 16) + from[vector &* pitch], to + vector &* 16) }
    }
  }

  // MARK: Weights

  /// A row-major matrix in blocks of 16 columns.
  private static func blocked(_ matrix: Tensor, rows: Int, columns: Int) -> VectorBuffer {
    let result = VectorBuffer(uninitializedRows: rows * columns / 16, vectorsPerRow: 1)
    for row in 0..<rows {
      for block in 0..<columns / 16 { result.base[block &* rows &+ row] = load(matrix.base + (row &* columns &+ block &* 16)) }
    }
    return result
  }

  /// The transpose of a row-major matrix, in blocks of 16 of its columns.
  private static func blockedTranspose(_ matrix: Tensor, rows: Int, columns: Int) -> VectorBuffer {
    let result = VectorBuffer(uninitializedRows: rows * columns / 16, vectorsPerRow: 1)
    for block in 0..<rows / 16 {
      let to = result.floats + block * columns * 16
      for first in stride(from: 0, to: columns, by: 16) {
        for lane in 0..<16 {
          let from = matrix.base + ((block &* 16 &+ lane) &* columns &+ first)
          for column in 0..<16 { to[(first &+ column) &* 16 &+ lane] = from[column] }
        }
      }
    }
    return result
  }

  @inline(__always)
  private static func load(_ p: UnsafeMutablePointer<Float>) -> Vector { UnsafeRawPointer(p).loadUnaligned(as: Vector.self) }

  @inline(__always)
  private static func store(_ v: Vector, _ p: UnsafeMutablePointer<Float>) { UnsafeMutableRawPointer(p).storeBytes(of: v, as: Vector.self) }
}
