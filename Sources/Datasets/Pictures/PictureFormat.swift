/// The kinds of picture files: three that are read, and others that are recognised, so that one can say how to convert them.
package enum PictureFormat: String, CaseIterable, Sendable {
  case png, jpeg, webp
  case gif, bmp, tiff, heic, avif, jxl, jpeg2000, photoshop, icon, pnm, targa, svg, exr, radiance, qoi, dds, pcx, raw

  /// As in prose.
  package var name: String {
    switch self {
    case .png: "PNG"
    case .jpeg: "JPEG"
    case .webp: "WebP"
    case .gif: "GIF"
    case .bmp: "BMP"
    case .tiff: "TIFF"
    case .heic: "HEIC"
    case .avif: "AVIF"
    case .jxl: "JPEG XL"
    case .jpeg2000: "JPEG 2000"
    case .photoshop: "Photoshop"
    case .icon: "icon"
    case .pnm: "PNM"
    case .targa: "Targa"
    case .svg: "SVG"
    case .exr: "OpenEXR"
    case .radiance: "Radiance"
    case .qoi: "QOI"
    case .dds: "DDS"
    case .pcx: "PCX"
    case .raw: "raw photograph"
    }
  }

  package var isRead: Bool { [.png, .jpeg, .webp].contains(self) }

  /// The shell command that makes a PNG of the file `$f` beside it, and the Debian package that has it. `x.gif` becomes `x.gif.png`, so that an
  /// `x.png` that is there already stays.
  package var conversion: (command: String, package: String) {
    switch self {
    case .heic: (#"heif-convert "$f" "$f.png""#, "libheif-examples")
    case .avif: (#"avifdec "$f" "$f.png""#, "libavif-bin")
    case .jxl: (#"djxl "$f" "$f.png""#, "libjxl-tools")
    case .svg: (#"rsvg-convert -o "$f.png" "$f""#, "librsvg2-bin")
    case .raw: (#"dcraw -c -w "$f" | convert - "$f.png""#, "dcraw imagemagick")
    // The first of several pictures.
    default: (#"convert "$f[0]" "$f.png""#, "imagemagick")
    }
  }

  private var extensions: [String] {
    switch self {
    case .jpeg: ["jpg", "jpeg", "jpe", "jfif"]
    case .bmp: ["bmp", "dib"]
    case .tiff: ["tif", "tiff"]
    case .heic: ["heic", "heif", "hif"]
    case .avif: ["avif", "avifs"]
    case .jpeg2000: ["jp2", "j2k", "jpf", "jpx", "j2c"]
    case .photoshop: ["psd", "psb"]
    case .icon: ["ico", "cur"]
    case .pnm: ["pnm", "ppm", "pgm", "pbm", "pam"]
    case .targa: ["tga"]
    case .radiance: ["hdr"]
    case .raw: ["cr2", "cr3", "crw", "nef", "arw", "dng", "orf", "rw2", "raf", "pef", "srw"]
    case .png, .webp, .gif, .jxl, .svg, .exr, .qoi, .dds, .pcx: [rawValue]
    }
  }

  /// How many bytes of a file's beginning tell its format.
  static let signatureBytes = 64

  /// By the first bytes of the content.
  package static func of(content: [UInt8]) -> PictureFormat? {
    func at(_ offset: Int, _ bytes: [UInt8]) -> Bool { content.dropFirst(offset).starts(with: bytes) }
    func at(_ offset: Int, _ text: String) -> Bool { at(offset, Array(text.utf8)) }
    if at(0, [0x89, 0x50, 0x4E, 0x47]) { return .png }
    if at(0, [0xFF, 0xD8]) { return .jpeg }
    if WebPDecoder.begins(content) { return .webp }
    if at(0, "GIF87a") || at(0, "GIF89a") { return .gif }
    // "BM" begins many a text; the length of the second header and its zeros do not.
    if at(0, "BM"), content.count > 17, [12, 40, 52, 56, 64, 108, 124].contains(content[14]), at(15, [0, 0, 0]) { return .bmp }
    if [[0x49, 0x49, 42, 0], [0x4D, 0x4D, 0, 42], [0x49, 0x49, 43, 0], [0x4D, 0x4D, 0, 43]].contains(where: { at(0, $0) }) {
      return .tiff
    }
    if at(4, "ftyp") {
      if at(8, "avif") || at(8, "avis") { return .avif }
      if ["heic", "heix", "hevc", "heim", "heis", "mif1", "msf1"].contains(where: { at(8, $0) }) { return .heic }
    }
    if at(0, [0xFF, 0x0A]) || at(4, "JXL \r\n") { return .jxl }
    if at(4, "jP  \r\n") || at(0, [0xFF, 0x4F, 0xFF, 0x51]) { return .jpeg2000 }
    if at(0, "8BPS") { return .photoshop }
    if content.count > 2, content[0] == UInt8(ascii: "P"), (49...55).contains(content[1]), [9, 10, 13, 32].contains(content[2]) {
      return .pnm
    }
    if at(0, "<svg") { return .svg }
    if at(0, [0x76, 0x2F, 0x31, 0x01]) { return .exr }
    if at(0, "#?RADIANCE") || at(0, "#?RGBE") { return .radiance }
    if at(0, "qoif") { return .qoi }
    if at(0, "DDS ") { return .dds }
    return nil
  }

  /// By the name's ending.
  package static func of(name: some Collection<UInt8>) -> PictureFormat? {
    guard let dot = Array(name).lastIndex(of: UInt8(ascii: ".")) else { return nil }
    let ending = String(decoding: name.dropFirst(dot + 1), as: UTF8.self).lowercased()
    return allCases.first { $0.extensions.contains(ending) }
  }

  /// By the content; where that says nothing, by the name. Raw photographs are TIFF files by their content.
  static func of(name: some Collection<UInt8>, content: [UInt8]) -> PictureFormat? {
    let named = of(name: name)
    return switch of(content: content) {
    case .tiff where named == .raw: .raw
    case let format: format ?? named
    }
  }
}
