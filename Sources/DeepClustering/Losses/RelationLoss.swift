import Tensors

/// The relation representation loss L_rd (§3.3, equations 5 to 7): the distances between the images of a batch, divided by their mean,
/// should be the same for the originals and for each augmented copy.
///
/// With d_ij = ‖u_i − u_j‖, μ = mean over i < j, φ = d/μ: L = (1/R) Σ_r Σ_{i<j} (φ_ij − φ′_ij)², both views differentiated, μ too.
/// Distances are explicit differences: near the uniform start the Gram form would keep two to four digits.
public enum RelationLoss {
  /// How the squared differences of one copy's pairs are reduced (docs/paper-decisions.md, A16).
  public enum Reduction: String, Sendable, CaseIterable {
    /// Σ over i < j.
    case sum
    /// (1/N) Σ_i Σ_{j≠i}.
    case anchor
    /// Mean over i < j.
    case mean
  }

  /// Squared distances below this count as this and pass no gradient: the root has infinite slope at 0 (A19).
  static let leastSquare: Float = 1e-12
  /// Mean distances below this count as this, as a constant.
  static let leastMean = 1e-6

  /// Shapes as in `InstanceLoss`. Cost O(R·N²·C).
  public static func evaluate(_ p: Tensor, _ q: Tensor, reduction: Reduction) -> LossTerm {
    let (n, c) = (p.shape[0], p.shape[1])
    precondition(q.shape[0] % n == 0 && q.shape[1] == c, "\(q.shape) holds no copies of \(p.shape)")
    let repeats = q.shape[0] / n
    let pairs = max(1, n * (n - 1) / 2)
    let weight =
      switch reduction {
      case .sum: 1 / Double(repeats)
      case .anchor: 2 / (Double(n) * Double(repeats))
      case .mean: 1 / (Double(pairs) * Double(repeats))
      }
    let originals = Relations(PaddedRows(p, rows: 0..<n))
    var value = 0.0
    var originalSlopes = [Double](repeating: 0, count: originals.distances.count)
    var augmentedGradient: [Float] = []
    for copy in 0..<repeats {
      let augmented = Relations(PaddedRows(q, rows: copy * n..<(copy + 1) * n))
      var slopes = [Double](repeating: 0, count: originalSlopes.count)
      for pair in slopes.indices {
        let difference = originals.distances[pair] / originals.mean - augmented.distances[pair] / augmented.mean
        value += difference * difference * weight
        originalSlopes[pair] += 2 * difference * weight
        slopes[pair] = -2 * difference * weight
      }
      augmentedGradient += augmented.gradient(slopes, channels: c)
    }
    return LossTerm(
      value: value, originals: Tensor(shape: p.shape, originals.gradient(originalSlopes, channels: c)),
      augmented: Tensor(shape: q.shape, augmentedGradient))
  }
}

/// Rows as vectors of 16 floats, zeros behind the last channel.
private struct PaddedRows {
  let count: Int
  let width: Int
  let vectors: [SIMD16<Float>]

  init(_ x: Tensor, rows: Range<Int>) {
    let c = x.shape[1]
    let width = (c + 15) / 16
    var vectors = [SIMD16<Float>](repeating: SIMD16(), count: rows.count * width)
    x.withUnsafeBufferPointer { x in
      for (i, row) in rows.enumerated() { for channel in 0..<c { vectors[i * width + channel / 16][channel % 16] = x[row * c + channel] } }
    }
    count = rows.count
    self.width = width
    self.vectors = vectors
  }
}

/// The distances between all rows i < j, in lexicographic order, and their mean.
private struct Relations {
  let rows: PaddedRows
  let distances: [Double]
  let mean: Double
  private let meanIsFloor: Bool

  init(_ rows: PaddedRows) {
    self.rows = rows
    var distances: [Double] = []
    distances.reserveCapacity(rows.count * rows.count / 2)
    rows.vectors.withUnsafeBufferPointer { v in
      for i in 0..<rows.count {
        for j in i + 1..<max(i + 1, rows.count) {
          var sum = SIMD16<Float>()
          for k in 0..<rows.width {
            let d = v[i * rows.width + k] - v[j * rows.width + k]
            sum = sum.addingProduct(d, d)
          }
          distances.append(Double(max(sum.sum(), RelationLoss.leastSquare).squareRoot()))
        }
      }
    }
    self.distances = distances
    let mean = distances.isEmpty ? 1 : distances.reduce(0, +) / Double(distances.count)
    meanIsFloor = mean < RelationLoss.leastMean
    self.mean = max(mean, RelationLoss.leastMean)
  }

  /// The rows' gradient from the slopes dL/dφ_ij.
  func gradient(_ slopes: [Double], channels: Int) -> [Float] {
    // dL/dd_ij = slope/μ − (1/(|B| μ)) Σ slope φ, the second term from μ.
    var sum = 0.0
    for (slope, distance) in zip(slopes, distances) { sum += slope * distance / mean }
    let shared = meanIsFloor ? 0 : sum / (Double(max(1, distances.count)) * mean)
    var gradient = [SIMD16<Float>](repeating: SIMD16(), count: rows.vectors.count)
    let floor = Double(RelationLoss.leastSquare.squareRoot())
    rows.vectors.withUnsafeBufferPointer { v in
      gradient.withUnsafeMutableBufferPointer { g in
        var pair = 0
        for i in 0..<rows.count {
          for j in i + 1..<max(i + 1, rows.count) {
            defer { pair += 1 }
            guard distances[pair] > floor else { continue }
            let factor = SIMD16<Float>(repeating: Float((slopes[pair] / mean - shared) / distances[pair]))
            for k in 0..<rows.width {
              let step = (v[i * rows.width + k] - v[j * rows.width + k]) * factor
              g[i * rows.width + k] += step
              g[j * rows.width + k] -= step
            }
          }
        }
      }
    }
    return (0..<rows.count * channels).map { gradient[$0 / channels * rows.width + $0 % channels / 16][$0 % channels % 16] }
  }
}
