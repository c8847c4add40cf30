import Artifacts
import CWebP

/// WebP by libwebp, lossy and lossless; of an animated one the first picture.
enum WebPDecoder {
  struct Picture {
    let pixels: RGBAPicture
    let exif: [UInt8]?
    let isAnimated: Bool
  }

  static func begins(_ bytes: some Collection<UInt8>) -> Bool {
    bytes.starts(with: Array("RIFF".utf8)) && bytes.dropFirst(8).starts(with: Array("WEBP".utf8))
  }

  static func decode(_ bytes: [UInt8], path: String, mostPixels: Int) throws(PictureError) -> Picture {
    let decoded: Result<Picture, PictureError> = bytes.withUnsafeBufferPointer { bytes in
      Result { () throws(PictureError) in try decode(bytes, path, mostPixels) }
    }
    return try decoded.get()
  }

  private static func decode(_ bytes: UnsafeBufferPointer<UInt8>, _ path: String, _ mostPixels: Int) throws(PictureError) -> Picture {
    var data = WebPData(bytes: bytes.baseAddress, size: bytes.count)
    guard let parts = WebPDemux(&data) else { throw .undecodable(path: path, message: "it is damaged or ends early") }
    defer { WebPDemuxDelete(parts) }
    func feature(_ feature: WebPFormatFeature) -> Int { Int(WebPDemuxGetI(parts, feature)) }
    let (width, height) = (feature(WEBP_FF_CANVAS_WIDTH), feature(WEBP_FF_CANVAS_HEIGHT))
    try PictureError.check(width, height, most: mostPixels, path: path)

    var options = WebPAnimDecoderOptions()
    WebPAnimDecoderOptionsInit(&options)
    options.color_mode = MODE_RGBA
    options.use_threads = 0
    guard let decoder = WebPAnimDecoderNew(&data, &options) else {
      throw .undecodable(path: path, message: "it is damaged or ends early")
    }
    defer { WebPAnimDecoderDelete(decoder) }
    var (canvas, time): (UnsafeMutablePointer<UInt8>?, Int32) = (nil, 0)
    guard WebPAnimDecoderGetNext(decoder, &canvas, &time) != 0, let canvas else {
      throw .undecodable(path: path, message: "its picture is damaged")
    }
    let pixels = Array(UnsafeBufferPointer(start: canvas, count: width * height * 4))
    return Picture(
      pixels: RGBAPicture(width: width, height: height, pixels: pixels), exif: exif(parts), isAnimated: feature(WEBP_FF_FRAME_COUNT) > 1)
  }

  private static func exif(_ parts: OpaquePointer) -> [UInt8]? {
    var chunk = WebPChunkIterator()
    guard WebPDemuxGetChunk(parts, "EXIF", 1, &chunk) != 0 else { return nil }
    defer { WebPDemuxReleaseChunkIterator(&chunk) }
    return Array(UnsafeBufferPointer(start: chunk.chunk.bytes, count: chunk.chunk.size))
  }
}
