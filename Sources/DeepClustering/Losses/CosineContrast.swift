import Tensors

/// A loss of two assignment matrices with its gradients on both.
///
/// P [N, C] holds the assignment probabilities of the originals, P′ [R·N, C] those of their R augmented copies, copy after copy.
public struct PairLoss: Sendable {
  public var value: Double
  /// ∂value/∂P, [N, C].
  public var originals: DoubleMatrix
  /// ∂value/∂P′, [R·N, C].
  public var augmented: DoubleMatrix
}

/// How the temperature τ enters equations (2) and (4).
public struct ContrastTemperature: Sendable {
  /// What the cosines are divided by.
  let divisor: Double

  /// - Parameters:
  ///   - value: τ > 0.
  ///   - inside: true for exp(cos/τ), the InfoNCE form; false for exp(cos)/τ as printed, where τ cancels.
  public init(_ value: Double, inside: Bool) {
    precondition(value > 0, "a temperature is positive, not \(value)")
    divisor = inside ? value : 1
  }
}

/// The number of augmented copies R in P′ [R·N, C] of P [N, C].
func repeats(of augmented: DoubleMatrix, over originals: DoubleMatrix) -> Int {
  precondition(
    originals.rows > 0 && originals.columns == augmented.columns && augmented.rows > 0 && augmented.rows % originals.rows == 0,
    "\(augmented.rows) × \(augmented.columns) augmented assignments of \(originals.rows) × \(originals.columns) originals")
  return augmented.rows / originals.rows
}

/// Rows divided by their Euclidean norms, and the way back for gradients.
struct NormalisedRows {
  /// Below this a row counts as this long, so that a zero row stays zero (the ε of torch.nn.functional.normalize).
  static let shortest = 1e-12

  let matrix: DoubleMatrix
  private let norms: [Double]

  init(_ source: DoubleMatrix) {
    var matrix = source
    var norms: [Double] = []
    norms.reserveCapacity(source.rows)
    for row in 0..<source.rows {
      let range = row * source.columns..<(row + 1) * source.columns
      var squares = 0.0
      for at in range { squares += matrix.values[at] * matrix.values[at] }
      let norm = max(squares.squareRoot(), Self.shortest)
      norms.append(norm)
      for at in range { matrix.values[at] /= norm }
    }
    self.matrix = matrix
    self.norms = norms
  }

  /// The gradient on the source rows of a gradient on the normalised rows: (g − y (g·y)) / ‖x‖, without the projection where ‖x‖ was
  /// raised to the shortest.
  func gradient(of gradient: DoubleMatrix) -> DoubleMatrix {
    var result = gradient
    for row in 0..<matrix.rows {
      let range = row * matrix.columns..<(row + 1) * matrix.columns
      let norm = norms[row]
      var along = 0.0
      if norm > Self.shortest { for at in range { along += gradient.values[at] * matrix.values[at] } }
      for at in range { result.values[at] = (gradient.values[at] - matrix.values[at] * along) / norm }
    }
    return result
  }
}

/// ln Σⱼ exp(sⱼ) of every row and the row's softmax.
func softmaxRows(_ logits: DoubleMatrix) -> (logSumExp: [Double], softmax: DoubleMatrix) {
  var softmax = logits
  var logSumExp: [Double] = []
  logSumExp.reserveCapacity(logits.rows)
  for row in 0..<logits.rows {
    let range = row * logits.columns..<(row + 1) * logits.columns
    var largest = -Double.infinity
    for at in range { largest = max(largest, logits.values[at]) }
    var sum = 0.0
    for at in range {
      let power = Elementary.exp(logits.values[at] - largest)
      softmax.values[at] = power
      sum += power
    }
    for at in range { softmax.values[at] /= sum }
    logSumExp.append(largest + Elementary.log(sum))
  }
  return (logSumExp, softmax)
}
