/// T_eval: the shorter side resized, the centre cropped; its parts serve original views too.
struct CentreCrop {
  let resize: Int
  let size: Int

  func view(_ image: Augmentation.Source) -> [UInt8] {
    let resized = resized(image)
    return cut(resized, channels: image.channels, top: (resized.height - size) / 2, left: (resized.width - size) / 2)
  }

  func resized(_ image: Augmentation.Source) -> (pixels: [UInt8], height: Int, width: Int) {
    let shorter = min(image.height, image.width)
    let (height, width) = (image.height * resize / shorter, image.width * resize / shorter)
    if height == image.height, width == image.width {
      return (Array(UnsafeBufferPointer(start: image.pixels, count: height * width * image.channels)), height, width)
    }
    let pixels = Resampling.resize(
      image.pixels, width: image.width, channels: image.channels, rows: 0..<image.height, columns: 0..<image.width, to: (height, width))
    return (pixels, height, width)
  }

  func cut(_ image: (pixels: [UInt8], height: Int, width: Int), channels: Int, top: Int, left: Int) -> [UInt8] {
    var view: [UInt8] = []
    view.reserveCapacity(size * size * channels)
    for row in top..<top + size {
      view += image.pixels[(row * image.width + left) * channels..<(row * image.width + left + size) * channels]
    }
    return view
  }
}
