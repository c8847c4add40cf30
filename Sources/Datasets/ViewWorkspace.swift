import Glibc
import Tensors

/// The memory in which one thread makes views one after the other, and the making itself.
///
/// Cost for a 32 × 32 RGB view with all colour operations: 10 µs or less on one core, nothing allocated. Twin: `PlainView`; tolerance: none.
package struct ViewWorkspace: ~Copyable {
  private let size, channels: Int
  /// Pixels of a plane, and its length padded so that vectors may reach beyond the last row.
  private let count, plane: Int
  /// The view as planes of whole numbers, and room for rotating one.
  private let memory: UnsafeMutablePointer<Float>
  private let planes: [ColourOperations.Plane]
  private let spare: UnsafeMutablePointer<Float>
  /// A row of the source with room for reading beyond its last pixel.
  private let row: UnsafeMutablePointer<UInt8>
  /// Source rows, resized horizontally: [channel, row, size].
  private let narrowed: UnsafeMutablePointer<Int32>
  private let narrowedPlane: Int

  /// - Parameters:
  ///   - size: height and width of the views.
  ///   - height, width, channels: of the images they are made from.
  package init(size: Int, height: Int, width: Int, channels: Int) {
    self.size = size
    self.channels = channels
    count = size * size
    plane = count + 32
    let memory = UnsafeMutablePointer<Float>.allocate(capacity: plane * (channels + 1))
    memory.initialize(repeating: 0, count: plane * (channels + 1))
    let step = plane
    self.memory = memory
    planes = (0..<channels).map { memory + $0 * step }
    spare = memory + channels * plane
    row = .allocate(capacity: width * channels + 4)
    row.initialize(repeating: 0, count: width * channels + 4)
    narrowedPlane = height * size + 16
    narrowed = .allocate(capacity: narrowedPlane * channels)
    narrowed.initialize(repeating: 0, count: narrowedPlane * channels)
  }

  deinit {
    memory.deallocate()
    row.deallocate()
    narrowed.deallocate()
  }

  /// Resizes a part of an image into the planes.
  mutating func resample(
    _ image: SourceImage, top: Int, left: Int, rows: Resampling.Stretch, columns: Resampling.Stretch
  ) {
    let (needed, wide) = (rows.inputs, columns.inputs)
    for y in needed {
      memcpy(row, image.pixels + ((top + y) * image.width + left + wide.lowerBound) * channels, wide.count * channels)
      narrow(columns, from: wide.lowerBound, to: narrowed + (y - needed.lowerBound) * size)
    }
    for channel in 0..<channels { shorten(rows, from: narrowed + channel * narrowedPlane, first: needed.lowerBound, to: planes[channel]) }
  }

  /// One source row to `size` pixels, channel by channel.
  private func narrow(_ columns: Resampling.Stretch, from first: Int, to out: UnsafeMutablePointer<Int32>) {
    let taps = columns.table.taps
    columns.table.starts.withUnsafeBufferPointer { starts in
      columns.table.weights.withUnsafeBufferPointer { weights in
        for x in 0..<size {
          let output = columns.outputs.lowerBound + x
          let start = Int(starts[output]) - first
          if channels == 3 {
            var sum = SIMD4<Int32>(repeating: Resampling.half)
            for tap in 0..<taps {
              let bytes = UnsafeRawPointer(row + (start + tap) * 3).loadUnaligned(as: SIMD4<UInt8>.self)
              sum &+= SIMD4<Int32>(truncatingIfNeeded: bytes) &* weights[output * taps + tap]
            }
            sum &>>= Resampling.weightBits
            out[x] = sum[0]
            out[narrowedPlane + x] = sum[1]
            out[2 * narrowedPlane + x] = sum[2]
          } else {
            var sum = Resampling.half
            for tap in 0..<taps { sum &+= Int32(row[start + tap]) &* weights[output * taps + tap] }
            out[x] = sum &>> Resampling.weightBits
          }
        }
      }
    }
  }

  /// Rows of one channel to `size` rows of whole numbers.
  private func shorten(_ rows: Resampling.Stretch, from narrowed: UnsafePointer<Int32>, first: Int, to plane: ColourOperations.Plane) {
    let taps = rows.table.taps
    rows.table.starts.withUnsafeBufferPointer { starts in
      rows.table.weights.withUnsafeBufferPointer { weights in
        for y in 0..<size {
          let output = rows.outputs.lowerBound + y
          let from = narrowed + (Int(starts[output]) - first) * size
          // The last vector of a row reaches into the next one, which is written after it.
          for x in stride(from: 0, to: size, by: 16) {
            var sum = SIMD16<Int32>(repeating: Resampling.half)
            for tap in 0..<taps {
              let values = UnsafeRawPointer(from + tap * size + x).loadUnaligned(as: SIMD16<Int32>.self)
              sum &+= values &* weights[output * taps + tap]
            }
            // A byte in the low bits of 2²³ as a Float is 2²³ plus that byte.
            let bits = (sum &>> Resampling.weightBits) | 0x4B00_0000
            let values = unsafeBitCast(bits, to: SIMD16<Float>.self) - 0x1p23
            UnsafeMutableRawPointer(plane + y * size + x).storeBytes(of: values, as: SIMD16<Float>.self)
          }
        }
      }
    }
  }

  /// Turns the planes about their centre, nearest neighbour, black outside: PIL's affine transform in its 16 fractional bits.
  mutating func rotate(degrees: Double) {
    let map = Rotation(degrees: degrees, size: size)
    for plane in planes {
      for y in 0..<size {
        for x in 0..<size {
          let (column, line) = map.source(x: x, y: y)
          let inside = column >= 0 && column < size && line >= 0 && line < size
          spare[y * size + x] = inside ? plane[line * size + column] : 0
        }
      }
      plane.update(from: spare, count: count)
    }
  }

  /// The colour operations of a recipe, in its order.
  mutating func colour(_ recipe: ViewRecipe) {
    apply(recipe.order.0, recipe)
    apply(recipe.order.1, recipe)
    apply(recipe.order.2, recipe)
    apply(recipe.order.3, recipe)
    if recipe.grey, channels == 3 { ColourOperations.grey(planes, count: count) }
  }

  private func apply(_ operation: ViewRecipe.ColourOperation, _ recipe: ViewRecipe) {
    switch operation {
    case .brightness: ColourOperations.brighten(planes, count: count, by: recipe.brightness)
    case .contrast: ColourOperations.contrast(planes, count: count, by: recipe.contrast)
    case .saturation: if channels == 3 { ColourOperations.saturate(planes, count: count, by: recipe.saturation) }
    case .hue: if channels == 3, let steps = recipe.hueSteps { ColourOperations.turnHue(planes, count: count, steps: steps) }
    }
  }

  /// The luma of three planes as bytes [size, size, 1].
  func writeLuma(to out: UnsafeMutablePointer<UInt8>) {
    ColourOperations.grey(planes, count: count)
    for at in 0..<count { out[at] = UInt8(planes[0][at]) }
  }

  /// The planes as bytes [size, size, channels], mirrored where asked.
  func write(to out: UnsafeMutablePointer<UInt8>, flipped: Bool) {
    // Adding 2²³ leaves a whole number in the low bits.
    @inline(__always) func byte(_ value: Float) -> UInt8 { UInt8(truncatingIfNeeded: (value + 0x1p23).bitPattern) }
    let step = flipped ? -channels : channels
    for y in 0..<size {
      var to = out + (y * size + (flipped ? size - 1 : 0)) * channels
      if channels == 3 {
        let (r, g, b) = (planes[0] + y * size, planes[1] + y * size, planes[2] + y * size)
        for x in 0..<size {
          to[0] = byte(r[x])
          to[1] = byte(g[x])
          to[2] = byte(b[x])
          to += step
        }
      } else {
        for x in 0..<size {
          to[0] = byte(planes[0][y * size + x])
          to += step
        }
      }
    }
  }
}

/// One image of a set, as bytes [height, width, channels].
package struct SourceImage {
  let pixels: UnsafePointer<UInt8>
  let height, width, channels: Int

  package init(pixels: UnsafePointer<UInt8>, height: Int, width: Int, channels: Int) {
    self.pixels = pixels
    self.height = height
    self.width = width
    self.channels = channels
  }
}

/// Where each pixel of a rotated square comes from: PIL's `Image.rotate` without expansion, in 16 fractional bits.
struct Rotation {
  private let a, b, c, d, e, f: Int

  init(degrees: Double, size: Int) {
    let angle = Elementary.circle(turns: -degrees / 360)
    // PIL rounds the matrix to 15 decimals, so that right angles are exact.
    func rounded(_ x: Double) -> Double { (x * 1e15).rounded(.toNearestOrEven) / 1e15 }
    let (cosine, sine) = (rounded(angle.cos), rounded(angle.sin))
    let middle = Double(size) / 2
    let (x, y) = (cosine * -middle + sine * -middle + middle, -sine * -middle + cosine * -middle + middle)
    func fixed(_ x: Double) -> Int { Int((x * 65536 + 0.5).rounded(.down)) }
    (a, b, c) = (fixed(cosine), fixed(sine), fixed(x + cosine * 0.5 + sine * 0.5))
    (d, e, f) = (fixed(-sine), fixed(cosine), fixed(y - sine * 0.5 + cosine * 0.5))
  }

  func source(x: Int, y: Int) -> (column: Int, row: Int) { ((a * x + b * y + c) >> 16, (d * x + e * y + f) >> 16) }
}
