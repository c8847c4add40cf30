/// Convolution as one matrix product over patches, for any kernel, stride, padding and number of channels.
///
/// Goals, in order: bit-equal for any number of threads; the FMA units busy; memory for the patches of one block of images only.
/// Legend: V [outputs, k²·C] the patch each output sees, tap by tap, zeros outside the image; U [k²·C, K] the weights; Y = V · U.
/// Backward: dU = Vᵀ · dY; dV = dY · Uᵀ, and every element of dV is added to the pixel it was read from, in the order of outputs and taps.
/// All matrices in blocks of 16 columns (`BlockedProduct`), the last filled up with zeros. Cost 2·P·Q·k²·C·K flop an image, and one copy of every patch.
/// Tolerance of the twin test: 1e-5 of the largest element; sums run over k²·C products in another order than the plain twin.
enum PatchConvolution {
  /// Outputs of a block, at least those of one image: enough that the product reuses the weights it loads; few enough that the patches of maps of
  /// up to 9 × 9 outputs stay in the second-level cache.
  private static let outputsPerBlock = 84

  /// Which images are worked on together.
  private struct Blocks: Sendable {
    let images, perBlock, pixels: Int
    /// k²·C and K, and their blocks of 16.
    let depth, outputs: Int
    var depthVectors: Int { (depth + 15) / 16 }
    var outputVectors: Int { (outputs + 15) / 16 }
    var count: Int { (images + perBlock - 1) / perBlock }
    var pitch: Int { BlockedProduct.pitch(rows: perBlock * pixels) }
    subscript(number: Int) -> Range<Int> { number * perBlock..<min(images, (number + 1) * perBlock) }

    init(_ s: ConvolutionShape) {
      (images, pixels) = (s.images, s.outputHeight * s.outputWidth)
      (depth, outputs) = (s.kernel * s.kernel * s.inputChannels, s.outputChannels)
      perBlock = max(1, min(images, outputsPerBlock / pixels))
    }
  }

  static func forward(_ s: ConvolutionShape, _ x: Tensor, weights: Tensor, team: ThreadTeam) -> Tensor {
    let y = Tensor(uninitialized: s.output)
    let blocks = Blocks(s)
    let u = BlockedMatrix(weights, rows: blocks.depth, columns: blocks.outputs)
    team.forEach(blocks.count) { number in
      let v = VectorBuffer(uninitializedRows: blocks.depthVectors * blocks.pitch, vectorsPerRow: 1)
      let m = VectorBuffer(uninitializedRows: blocks.outputVectors * blocks.pitch, vectorsPerRow: 1)
      defer { withExtendedLifetime((u, v, m)) {} }
      gather(s, x, blocks[number], pitch: blocks.pitch, into: v)
      let rows = blocks[number].count * blocks.pixels
      BlockedProduct.multiply(
        v.base, rows: rows, pitch: blocks.pitch, depth: blocks.depth, u.base, uRows: u.rows, columns: 0..<blocks.outputVectors, into: m.base
      )
      let to = y.base + blocks[number].lowerBound * blocks.pixels * s.outputChannels
      BlockedMatrix.unblock(m.base, rows: rows, pitch: blocks.pitch, columns: s.outputChannels, into: to)
    }
    return y
  }

  static func backward(
    _ s: ConvolutionShape, _ x: Tensor, weights: Tensor, outputGradient dy: Tensor, needsInputGradient: Bool, team: ThreadTeam
  ) -> (input: Tensor?, weights: Tensor) {
    let blocks = Blocks(s)
    let (depth, outputs) = (blocks.depthVectors, blocks.outputVectors)
    let turned = needsInputGradient ? BlockedMatrix(transposing: weights, rows: blocks.depth, columns: blocks.outputs) : nil
    let dx = needsInputGradient ? Tensor(uninitialized: x.shape) : nil
    let sums = AdjointSums(rows: blocks.depth, columns: blocks.outputs)
    let parts = sums.pieces(of: blocks.count)
    let partial = (0..<parts.count).map { _ in VectorBuffer(uninitializedRows: sums.count, vectorsPerRow: 1) }
    team.forEach(parts.count) { part in
      let v = VectorBuffer(uninitializedRows: depth * blocks.pitch, vectorsPerRow: 1)
      let m = VectorBuffer(uninitializedRows: outputs * blocks.pitch, vectorsPerRow: 1)
      defer { withExtendedLifetime((turned, v, m)) {} }
      for number in parts[part] {
        let rows = blocks[number].count * blocks.pixels
        gather(s, x, blocks[number], pitch: blocks.pitch, into: v)
        let from = dy.base + blocks[number].lowerBound * blocks.pixels * s.outputChannels
        BlockedMatrix.block(from, rows: rows, columns: s.outputChannels, pitch: blocks.pitch, into: m.base)
        sums.add(v.base, m.base, rows: rows, pitch: blocks.pitch, adding: number > parts[part].lowerBound, into: partial[part].base)
        if let dx, let turned {
          BlockedProduct.multiply(
            m.base, rows: rows, pitch: blocks.pitch, depth: blocks.outputs, turned.base, uRows: turned.rows, columns: 0..<depth,
            into: v.base)
          scatter(s, v, blocks[number], pitch: blocks.pitch, into: dx)
        }
      }
    }
    let dw = Tensor(uninitialized: s.weights)
    sums.merge(partial, into: dw, team: team)
    return (dx, dw)
  }

  /// The gradient on the images alone, from that on the output.
  static func adjoint(_ s: ConvolutionShape, _ dy: Tensor, weights: Tensor, team: ThreadTeam) -> Tensor {
    let blocks = Blocks(s)
    let turned = BlockedMatrix(transposing: weights, rows: blocks.depth, columns: blocks.outputs, team: team)
    let dx = Tensor(uninitialized: [s.images, s.height, s.width, s.inputChannels])
    team.forEach(blocks.count) { number in
      let v = VectorBuffer(uninitializedRows: blocks.depthVectors * blocks.pitch, vectorsPerRow: 1)
      let m = VectorBuffer(uninitializedRows: blocks.outputVectors * blocks.pitch, vectorsPerRow: 1)
      defer { withExtendedLifetime((turned, v, m)) {} }
      let rows = blocks[number].count * blocks.pixels
      let from = dy.base + blocks[number].lowerBound * blocks.pixels * s.outputChannels
      BlockedMatrix.block(from, rows: rows, columns: s.outputChannels, pitch: blocks.pitch, into: m.base)
      BlockedProduct.multiply(
        m.base, rows: rows, pitch: blocks.pitch, depth: blocks.outputs, turned.base, uRows: turned.rows, columns: 0..<blocks.depthVectors,
        into: v.base)
      scatter(s, v, blocks[number], pitch: blocks.pitch, into: dx)
    }
    return dx
  }

  // MARK: Patches

  /// Calls `body` for every tap and output of some images with the row of V, the first column of the tap, and the pixel it sees, nil outside the image.
  @inline(__always)
  private static func forEachTap(
    _ s: ConvolutionShape, _ images: Range<Int>, _ body: (_ row: Int, _ column: Int, _ pixel: Int?) -> Void
  ) {
    for tap in 0..<s.kernel * s.kernel {
      let (down, across) = (tap / s.kernel - s.padding, tap % s.kernel - s.padding)
      var row = 0
      for image in images {
        for p in 0..<s.outputHeight {
          for q in 0..<s.outputWidth {
            let (i, j) = (p &* s.stride &+ down, q &* s.stride &+ across)
            let inside = i >= 0 && i < s.height && j >= 0 && j < s.width
            body(row, tap &* s.inputChannels, inside ? (image &* s.height &+ i) &* s.width &+ j : nil)
            row &+= 1
          }
        }
      }
    }
  }

  private static func gather(_ s: ConvolutionShape, _ x: Tensor, _ images: Range<Int>, pitch: Int, into v: VectorBuffer) {
    guard s.inputChannels % 16 == 0 else { return gatherRuns(s, x, images, pitch: pitch, into: v) }
    let vectors = s.inputChannels / 16
    forEachTap(s, images) { row, column, pixel in
      let to = v.base + (column / 16 &* pitch &+ row)
      if let pixel {
        let from = x.base + pixel &* s.inputChannels
        for vector in 0..<vectors { to[vector &* pitch] = Vector(loading: from + vector &* 16) }
      } else {
        for vector in 0..<vectors { to[vector &* pitch] = Vector() }
      }
    }
  }

  /// The same where taps do not begin at a vector's border: patch by patch, the taps of a row of the kernel at once, which lie side by side.
  private static func gatherRuns(_ s: ConvolutionShape, _ x: Tensor, _ images: Range<Int>, pitch: Int, into v: VectorBuffer) {
    let (c, run) = (s.inputChannels, s.kernel * s.inputChannels)
    let vectors = (s.kernel * run + 15) / 16
    withUnsafeTemporaryAllocation(of: Vector.self, capacity: vectors) { patch in
      guard let base = patch.baseAddress else { return }
      let floats = UnsafeMutableRawPointer(base).assumingMemoryBound(to: Float.self)
      var row = 0
      for image in images {
        for p in 0..<s.outputHeight {
          for q in 0..<s.outputWidth {
            let left = q &* s.stride &- s.padding
            let (first, last) = (max(0, -left), min(s.kernel, s.width &- left))
            let whole = first == 0 && last == s.kernel
            base.update(repeating: Vector(), count: vectors)
            for down in 0..<s.kernel {
              let i = p &* s.stride &- s.padding &+ down
              guard i >= 0, i < s.height else { continue }
              let (from, to) = (x.base + ((image &* s.height &+ i) &* s.width &+ left) &* c, floats + down &* run)
              for element in (whole ? 0 : first &* c)..<(whole ? run : last &* c) { to[element] = from[element] }
            }
            for vector in 0..<vectors { v.base[vector &* pitch &+ row] = base[vector] }
            row &+= 1
          }
        }
      }
    }
  }

  private static func scatter(_ s: ConvolutionShape, _ v: VectorBuffer, _ images: Range<Int>, pitch: Int, into dx: Tensor) {
    let (c, imageSize) = (s.inputChannels, s.height * s.width * s.inputChannels)
    (dx.base + images.lowerBound * imageSize).update(repeating: 0, count: images.count * imageSize)
    forEachTap(s, images) { row, column, pixel in
      guard let pixel else { return }
      let to = dx.base + pixel &* c
      if c % 16 == 0 {
        let from = v.base + (column / 16 &* pitch &+ row)
        for vector in 0..<c / 16 { (Vector(loading: to + vector &* 16) + from[vector &* pitch]).store(to: to + vector &* 16) }
      } else {
        for channel in column..<column + c { to[channel &- column] += v.floats[(channel / 16 &* pitch &+ row) &* 16 &+ channel % 16] }
      }
    }
  }
}
