/// Bilinear resizing as PIL does it: a triangle filter whose support grows with the factor when shrinking (antialiasing), pixel centres
/// at half coordinates, weights normalised, edges clamped; bytes are rounded once, after both passes.
struct Resampling {
  /// For every output: the first input and the weights.
  private let starts: [Int]
  private let weights: [[Float]]

  /// - Parameters:
  ///   - from: the first input and how many inputs are mapped.
  ///   - count: how many outputs they are mapped to.
  init(from: Range<Int>, to count: Int) {
    let scale = Float(from.count) / Float(count)
    let support = max(scale, 1)
    var (starts, weights): ([Int], [[Float]]) = ([], [])
    for output in 0..<count {
      let centre = (Float(output) + 0.5) * scale
      let first = max(0, Int((centre - support + 0.5).rounded(.down)))
      let last = min(from.count, Int((centre + support + 0.5).rounded(.down)))
      var row = (first..<max(last, first + 1)).map { max(0, 1 - abs((Float($0) + 0.5 - centre) / support)) }
      let sum = row.reduce(0, +)
      row = sum > 0 ? row.map { $0 / sum } : [1]
      starts.append(from.lowerBound + first)
      weights.append(row)
    }
    self.starts = starts
    self.weights = weights
  }

  /// Resizes a part of an image [height, width, channels] to [S, S, channels].
  static func resize(
    _ image: UnsafePointer<UInt8>, width: Int, channels: Int, rows: Range<Int>, columns: Range<Int>, to size: (height: Int, width: Int)
  ) -> [UInt8] {
    let (horizontal, vertical) = (Resampling(from: columns, to: size.width), Resampling(from: rows, to: size.height))
    var narrow = [Float](repeating: 0, count: rows.count * size.width * channels)
    for (line, row) in rows.enumerated() {
      for column in 0..<size.width {
        for (tap, weight) in horizontal.weights[column].enumerated() {
          let from = (row * width + horizontal.starts[column] + tap) * channels
          let to = (line * size.width + column) * channels
          for channel in 0..<channels { narrow[to + channel] += weight * Float(image[from + channel]) }
        }
      }
    }
    let pitch = size.width * channels
    return [UInt8](unsafeUninitializedCapacity: size.height * pitch) { out, count in
      for row in 0..<size.height {
        for at in 0..<pitch {
          var sum: Float = 0
          for (tap, weight) in vertical.weights[row].enumerated() {
            sum += weight * narrow[(vertical.starts[row] - rows.lowerBound + tap) * pitch + at]
          }
          out[row * pitch + at] = UInt8(min(255, max(0, sum + 0.5)))
        }
      }
      count = size.height * pitch
    }
  }
}
