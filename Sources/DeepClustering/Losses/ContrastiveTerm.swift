import Glibc
import Tensors

/// What one loss term says of a batch: its value and its gradients on both arguments.
public struct LossTerm: Sendable {
  public let value: Double
  /// dL/dP, of P's shape [N, C].
  public let originals: Tensor
  /// dL/dP′, of P′'s shape [R·N, C].
  public let augmented: Tensor
}

/// Cross-entropy of scaled cosines with the diagonal as target: the form that equations (2) and (4) share.
enum ContrastiveTerm {
  /// Norms below this count as this, so that a zero vector has cosine 0 and finite gradients.
  static let leastNorm = 1e-12

  /// InfoNCE over rows: a [n, d] against b [r·n, d], where row i of every block of b belongs to row i of a.
  /// The rows of a stand for r tiled copies of themselves, so the mean runs over r·n rows.
  /// Cost O(r·n²·d).
  static func overRows(_ a: Tensor, _ b: Tensor, scale: Double) -> LossTerm {
    let (n, m) = (a.shape[0], b.shape[0])
    precondition(m % n == 0 && a.shape[1] == b.shape[1], "\(b.shape) holds no copies of \(a.shape)")
    let repeats = m / n
    let (unitA, normsA) = normalised(a)
    let (unitB, normsB) = normalised(b)
    var logits = MatrixProduct.multiply(unitA, unitB, transposeB: true)
    var value = 0.0
    logits.withUnsafeMutableBufferPointer { s in
      for i in 0..<n {
        let row = i * m..<(i + 1) * m
        let top = Double(s[row].max() ?? 0) * scale
        var sum = 0.0
        for at in row { sum += exp(Double(s[at]) * scale - top) }
        let logSum = top + log(sum)
        for block in 0..<repeats { value += logSum - Double(s[i * m + block * n + i]) * scale }
        // dL/ds, the mean over r·n rows and the scale included.
        let weight = scale / Double(m)
        for at in row { s[at] = Float(exp(Double(s[at]) * scale - logSum) * Double(repeats) * weight) }
        for block in 0..<repeats { s[i * m + block * n + i] -= Float(weight) }
      }
    }
    return LossTerm(
      value: value / Double(m),
      originals: throughNormalisation(MatrixProduct.multiply(logits, unitB), unit: unitA, norms: normsA),
      augmented: throughNormalisation(MatrixProduct.multiply(logits, unitA, transposeA: true), unit: unitB, norms: normsB))
  }

  /// Rows divided by their length, and the lengths.
  private static func normalised(_ x: Tensor) -> (unit: Tensor, norms: [Float]) {
    let (n, d) = (x.shape[0], x.shape[1])
    var unit = x
    var norms = [Float](repeating: 0, count: n)
    unit.withUnsafeMutableBufferPointer { u in
      for i in 0..<n {
        var sum = 0.0
        for at in i * d..<(i + 1) * d { sum += Double(u[at]) * Double(u[at]) }
        norms[i] = Float(max(sum.squareRoot(), leastNorm))
        for at in i * d..<(i + 1) * d { u[at] /= norms[i] }
      }
    }
    return (unit, norms)
  }

  /// d/dx of f(x/‖x‖): (g − u (u·g)) / ‖x‖; a vector of no length has no direction to turn, hence gradient 0.
  private static func throughNormalisation(_ gradient: Tensor, unit: Tensor, norms: [Float]) -> Tensor {
    let d = unit.shape[1]
    var result = gradient
    result.withUnsafeMutableBufferPointer { g in
      unit.withUnsafeBufferPointer { u in
        for (i, norm) in norms.enumerated() {
          let row = i * d..<(i + 1) * d
          guard Double(norm) > leastNorm else {
            for at in row { g[at] = 0 }
            continue
          }
          var dot: Float = 0
          for at in row { dot += g[at] * u[at] }
          for at in row { g[at] = (g[at] - u[at] * dot) / norm }
        }
      }
    }
    return result
  }
}

/// The factor that multiplies cosines: 1/τ, or 1 for the equations as printed, where τ cancels (docs/paper-decisions.md, A1).
func contrastScale(temperature: Double, inside: Bool) -> Double { inside ? 1 / temperature : 1 }
