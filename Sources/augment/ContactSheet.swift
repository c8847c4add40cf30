import Artifacts

/// A picture of some images' views: a row for each image; in it, for each pass, the original view and then the augmented ones.
enum ContactSheet {
  /// Screen pixels for each image pixel, and between views.
  private static let (zoom, gap) = (3, 6)

  static func write(_ passes: [ViewsFile.Pass], images: Int, to path: String) throws {
    let size = passes[0].size
    let columns = passes.reduce(0) { $0 + 1 + $1.repeats }
    let cell = size * zoom + gap
    var canvas = PNGImage(width: columns * cell + gap, height: images * cell + gap, white: ())
    for image in 0..<images {
      var column = 0
      for pass in passes {
        let views = try pass.views(of: [image])
        let bytes = size * size * pass.channels
        for view in [views.originals[...]] + (0..<pass.repeats).map({ views.augmented[$0 * bytes..<($0 + 1) * bytes] }) {
          canvas.draw(view, size: size, channels: pass.channels, zoom: zoom, left: column * cell + gap, top: image * cell + gap)
          column += 1
        }
      }
    }
    try canvas.write(to: path)
  }
}
