import Artifacts

/// A picture of some images' views: a row for each image; in it, for each pass, the original view and then the augmented ones.
enum ContactSheet {
  /// Screen pixels between views.
  private static let gap = 6

  /// Screen pixels for each image pixel.
  private static func zoom(_ size: Int) -> Int { size <= 512 ? 3 : 1 }

  /// The most pixels of a sheet: nobody looks at more.
  private static let mostPixels = 1 << 26

  /// How many of the asked passes, images and augmented copies a sheet has room for: at least one of each.
  static func fitting(passes: Int, images: Int, copies: Int, size: Int) -> (passes: Int, images: Int, copies: Int) {
    let cell = size * zoom(size) + gap
    let cells = mostPixels / (cell * cell)
    let copies = max(1, min(copies, cells - 1))
    let images = max(1, min(images, cells / (1 + copies)))
    return (max(1, min(passes, cells / ((1 + copies) * images))), images, copies)
  }

  /// - Parameter passes: of each pass the images' views, originals [n, S, S, C] and augmented [R, n, S, S, C].
  static func write(
    _ passes: [(originals: [UInt8], augmented: [UInt8])], images: Int, size: Int, channels: Int, to path: String
  ) throws {
    let bytes = size * size * channels
    let zoom = zoom(size)
    let cell = size * zoom + gap
    let columns = passes.reduce(0) { $0 + ($1.originals.count + $1.augmented.count) / (images * bytes) }
    var canvas = PNGImage(width: columns * cell + gap, height: images * cell + gap, white: ())
    var column = 0
    for pass in passes {
      // Originals, then copy by copy: each a column of all images.
      for copy in [pass.originals[...]]
        + stride(from: 0, to: pass.augmented.count, by: images * bytes).map({ pass.augmented[$0..<$0 + images * bytes] })
      {
        for image in 0..<images {
          let view = copy.dropFirst(image * bytes).prefix(bytes)
          canvas.draw(view, size: size, channels: channels, zoom: zoom, left: column * cell + gap, top: image * cell + gap)
        }
        column += 1
      }
    }
    try canvas.write(to: path)
  }
}
