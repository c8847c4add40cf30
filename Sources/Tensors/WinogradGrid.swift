/// How the images of one layer are cut into tiles, runs and blocks; by its shape alone.
struct WinogradGrid: Sendable {
  typealias Vector = SIMD16<Float>
  /// Tiles a block should have: enough rows for the matrix product to reuse the filters it loads.
  private static let tilesPerBlock = 48
  /// Tiles a run should have at least, because every run reads all filters once.
  private static let tilesPerRun = 96
  /// From this many channels on, in and out, OpenBLAS's packing pays.
  private static let packedChannels = 64

  let images, height, width: Int
  let tilesDown, tilesAcross: Int
  let runs: Pieces
  private let imagesPerBlock: Int

  init(_ shape: ConvolutionShape, outputs m: Int) {
    (images, height, width) = (shape.images, shape.height, shape.width)
    tilesDown = (height + m - 1) / m
    tilesAcross = (width + m - 1) / m
    let tiles = tilesDown * tilesAcross
    runs = Pieces(images, most: max(2, min(Pieces.imageRuns, images * tiles / Self.tilesPerRun)))
    // Few tiles against many filters: all images of a run at once.
    imagesPerBlock = max(1, Self.tilesPerBlock * max(1, shape.inputChannels / 64) / tiles)
  }

  var tilesPerImage: Int { tilesDown * tilesAcross }

  /// Rows of one point's matrix: the tiles of the largest block, and room for the kernel's last rows.
  var panel: Int {
    let largest = min(imagesPerBlock, (images + runs.count - 1) / runs.count) * tilesPerImage
    return (largest + ConvolutionKernel.tallest - 1) / ConvolutionKernel.tallest * ConvolutionKernel.tallest
  }

  /// The consecutive blocks of images of a run.
  func blocks(of run: Int) -> [Range<Int>] {
    stride(from: runs[run].lowerBound, to: runs[run].upperBound, by: imagesPerBlock).map {
      $0..<min($0 + imagesPerBlock, runs[run].upperBound)
    }
  }

  /// Calls `body` for every tile of the images with its number, counted from the first image, its image, and its first output pixel.
  @inline(__always)
  func forEachTile(_ images: Range<Int>, outputs m: Int, _ body: (_ number: Int, _ image: Int, _ top: Int, _ left: Int) -> Void) {
    var number = 0
    for image in images {
      for i in 0..<tilesDown {
        for j in 0..<tilesAcross {
          body(number, image, i * m, j * m)
          number += 1
        }
      }
    }
  }

  /// m [rows, K] = v [rows, C] · u [C, K].
  static func product(
    _ v: UnsafeMutablePointer<Vector>, rows: Int, channels c: Int, _ u: UnsafeMutablePointer<Vector>, outputs k: Int,
    into m: UnsafeMutablePointer<Vector>
  ) {
    if min(c, k) >= packedChannels {
      MatrixProduct.multiply(floats(v), floats(u), m: rows, n: k, k: c, into: floats(m))
    } else {
      var start = 0
      withUnsafePointer(to: &start) {
        ConvolutionKernel.forward(
          floats(v), starts: UnsafeBufferPointer(start: $0, count: 1), channels: c, weights: u, vectors: k / 16, count: rows, y: m)
      }
    }
  }

  /// du [C, K] += v [rows, C]ᵀ · m [rows, K].
  static func adjointProduct(
    _ v: UnsafeMutablePointer<Vector>, rows: Int, channels c: Int, _ m: UnsafeMutablePointer<Vector>, outputs k: Int,
    addingTo du: UnsafeMutablePointer<Vector>
  ) {
    if min(c, k) >= packedChannels {
      MatrixProduct.multiply(floats(v), floats(m), transposeA: true, m: c, n: k, k: rows, into: floats(du), accumulating: true)
    } else {
      withUnsafeTemporaryAllocation(of: Int.self, capacity: c) { offsets in
        for channel in 0..<c { offsets[channel] = channel }
        ConvolutionKernel.weightGradient(
          floats(v), offsets: UnsafeBufferPointer(offsets), channels: c, dy: m, vectors: k / 16, count: rows, dw: du)
      }
    }
  }

  private static func floats(_ p: UnsafeMutablePointer<Vector>) -> UnsafeMutablePointer<Float> {
    UnsafeMutableRawPointer(p).assumingMemoryBound(to: Float.self)
  }
}
