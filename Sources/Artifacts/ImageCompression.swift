/// How images lie in `images.h5`: in chunks of whole images, compressed where that pays. Decided by the images alone, so that equal images give
/// equal files.
enum ImageCompression {
  /// A chunk is as many images as fit into so many bytes, but at least one (docs/decisions/0001-chunked-images.md has the measurements).
  private static let chunkBytes = 64 << 10
  /// So many chunks are compressed on trial.
  private static let trialChunks = 32

  /// How many images go into a chunk.
  static func chunkRows(of shape: [Int]) -> Int { max(1, min(shape[0], chunkBytes / max(1, shape.dropFirst().reduce(1, *)))) }

  /// Whether compression saves at least a quarter of up to 32 whole chunks, spread evenly over all. Drawings and small grey pictures shrink by
  /// half and more, photographs by less than a tenth, at many times the cost of reading them as they are.
  static func pays(for images: HDF5BlockReader) throws -> Bool {
    let whole = images.shape[0] / images.rowsTogether
    let tried = min(trialChunks, whole)
    let shape = [tried * images.rowsTogether] + images.shape.dropFirst()
    let stored = try HDF5Writer.inMemory(images.path) { file in
      let trial = try file.blocks(
        shape: shape, .compressed(rows: images.rowsTogether), of: "/images", axes: "image, row, column, channel",
        units: "grey level 0 to 255", meaning: "a trial")
      for number in 0..<tried {
        try images.chunk(at: number * whole / tried * images.rowsTogether) { rows, bytes in
          try trial.write(bytes, start: [number * rows.count, 0, 0, 0], extent: [rows.count] + shape[1...])
        }
      }
      return trial.storedBytes
    }
    return stored * 4 <= shape.reduce(1, *) * 3
  }
}
