/// How the images of one layer are cut into tiles and blocks; where anything is summed over images, by its shape alone.
struct WinogradGrid: Sendable {
  /// Tiles a block should have for every 64 channels: enough that a matrix product reuses the filters it loads, few enough that what the
  /// transforms write is still in the second-level cache.
  private static let tilesPerBlock = 50
  /// Bytes of transformed images and gradients that layers of many filters work on at once, in the last-level cache.
  private static let sharedBytes = 32 << 20
  /// From this many pairs of channels on, reading all filters for every block costs more than sharing the work of a block by filters. Where weights'
  /// gradients are wanted too, every part of a sum has to be as large as the filters, so fewer pairs suffice.
  private static let (sharedPairs, sharedGradients) = (1 << 15, 1 << 14)

  let images, height, width, outputHeight, outputWidth: Int
  /// m of the tile and its products.
  let outputs, points: Int
  let tilesDown, tilesAcross: Int
  /// Whether a block is shared by all threads, filter by filter, instead of each thread having blocks of its own.
  let sharesBlocks: Bool
  private let imagesPerBlock: Int

  /// What blocks are cut for.
  enum Purpose {
    /// Outputs or input gradients, which sum over channels only: no border of a block changes them, so there may be one for each of so many threads.
    case images(threads: Int)
    /// Weights' gradients too, whose order of summing is that of the blocks.
    case sums
  }

  init<Tile: WinogradTile>(_ shape: ConvolutionShape, _: Tile.Type, for purpose: Purpose) {
    (images, height, width) = (shape.images, shape.height, shape.width)
    (outputHeight, outputWidth) = (shape.outputHeight, shape.outputWidth)
    outputs = Tile.outputs
    points = Tile.products
    tilesDown = (outputHeight + outputs - 1) / outputs
    tilesAcross = (outputWidth + outputs - 1) / outputs
    let tiles = tilesDown * tilesAcross
    let (c, k) = (shape.inputChannels, shape.outputChannels)
    let (enough, threads) = if case .images(let threads) = purpose { (Self.sharedPairs, threads) } else { (Self.sharedGradients, 1) }
    sharesBlocks = c * k >= enough
    let most = sharesBlocks ? Self.sharedBytes / (points * tiles * (c + k) * 4) : Self.tilesPerBlock * max(64, c) / 64 / tiles
    let fewest = (images + max(1, most) - 1) / max(1, most)
    let blocks = sharesBlocks ? fewest : max(fewest, min(threads, images))
    imagesPerBlock = (images + blocks - 1) / blocks
  }

  var tilesPerImage: Int { tilesDown * tilesAcross }

  /// Rows in memory of one point's matrices.
  var pitch: Int { BlockedProduct.pitch(rows: imagesPerBlock * tilesPerImage) }

  var blockCount: Int { (images + imagesPerBlock - 1) / imagesPerBlock }

  /// The images of a block.
  func block(_ number: Int) -> Range<Int> { number * imagesPerBlock..<min(images, (number + 1) * imagesPerBlock) }

  /// From a point's matrix of this many vectors a row to the next point's. The vector between keeps the points of a tile, which are written one after
  /// the other, out of each other's cache sets.
  func pointStep(vectors: Int) -> Int { vectors * pitch + 1 }

  /// Scratch memory for all points of a block.
  func buffer(vectors: Int) -> VectorBuffer { VectorBuffer(uninitializedRows: points * pointStep(vectors: vectors), vectorsPerRow: 1) }

  /// Calls `body` for every tile of some images of a block with its row in the block's matrices, its image, and its first output pixel.
  @inline(__always)
  func forEachTile(
    _ images: Range<Int>, of block: Range<Int>, _ body: (_ row: Int, _ image: Int, _ top: Int, _ left: Int) -> Void
  ) {
    var row = (images.lowerBound - block.lowerBound) * tilesPerImage
    for image in images {
      for i in 0..<tilesDown {
        for j in 0..<tilesAcross {
          body(row, image, i * outputs, j * outputs)
          row += 1
        }
      }
    }
  }
}
