import Artifacts

/// A picture of some images' views: a row for each image; in it, for each pass, the original view and then the augmented ones.
enum ContactSheet {
  /// Screen pixels for each image pixel, and between views.
  private static let (zoom, gap) = (3, 6)

  /// - Parameter passes: of each pass the images' views, originals [n, S, S, C] and augmented [R, n, S, S, C].
  static func write(
    _ passes: [(originals: [UInt8], augmented: [UInt8])], images: Int, size: Int, channels: Int, to path: String
  ) throws {
    let bytes = size * size * channels
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
