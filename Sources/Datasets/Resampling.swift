import Glibc

/// Bilinear resizing of one axis as PIL does it, to the bit: a triangle filter whose support grows with the factor when shrinking
/// (antialiasing), pixel centres at half coordinates, weights normalised and rounded to 22 fractional bits, edges clamped.
///
/// The weights depend on the two lengths alone, so a table serves every image; `ResamplingTests` compares with PIL's own output.
package struct Resampling: Sendable {
  /// Fractional bits of the weights; with 8 bits of pixel they fill an Int32.
  static let weightBits: Int32 = 22
  static let half: Int32 = 1 << 21

  /// Inputs that count for each output.
  let taps: Int
  /// The first input of each output, at most `length − taps`.
  let starts: [Int32]
  /// [outputs, taps]
  let weights: [Int32]
  var outputs: Int { starts.count }

  /// - Parameters:
  ///   - length: how many inputs there are.
  ///   - outputs: how many outputs they are mapped to.
  package init(length: Int, outputs: Int) {
    let scale = Double(length) / Double(outputs)
    let support = max(scale, 1)
    var rows: [(start: Int, weights: [Double])] = []
    for output in 0..<outputs {
      let centre = (Double(output) + 0.5) * scale
      let first = max(0, Int(centre - support + 0.5))
      let last = min(length, Int(centre + support + 0.5))
      let row = (first..<last).map { max(0, 1 - abs((Double($0) - centre + 0.5) / support)) }
      let sum = row.reduce(0, +)
      rows.append((first, row.map { sum == 0 ? $0 : $0 / sum }))
    }
    let taps = rows.reduce(1) { max($0, $1.weights.count) }
    self.taps = taps
    // Rows at the right edge are shorter: they start earlier with weights of 0, so that all rows are alike and stay inside.
    let last = length - taps
    starts = rows.map { Int32(min($0.start, last)) }
    weights = rows.flatMap { row in
      let skipped = row.start - min(row.start, last)
      let fixed = row.weights.map { Int32(0.5 + $0 * Double(1 << Self.weightBits)) }
      return Array(repeating: 0, count: skipped) + fixed + Array(repeating: 0, count: taps - skipped - fixed.count)
    }
  }

  /// A stretch of the outputs, for a crop of the resized axis.
  struct Stretch {
    let table: Resampling
    let outputs: Range<Int>

    /// The inputs the stretch needs.
    var inputs: Range<Int> {
      let (first, last) = (Int(table.starts[outputs.lowerBound]), Int(table.starts[outputs.upperBound - 1]))
      return first..<last + table.taps
    }
  }
}

/// Tables for all lengths that crops can have, to one number of outputs.
struct ResamplingTables: Sendable {
  private let tables: [Resampling]

  init(upTo length: Int, outputs: Int) { tables = (1...length).map { Resampling(length: $0, outputs: outputs) } }

  subscript(length: Int) -> Resampling { tables[length - 1] }
}
