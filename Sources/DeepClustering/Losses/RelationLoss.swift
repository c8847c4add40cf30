/// What the relation loss sums over; equation (7) leaves it open.
public enum RelationReduction: String, Sendable, CaseIterable {
  /// Sum over the pairs i < j.
  case sum
  /// Sum over j ≠ i for every anchor i, mean over the anchors.
  case anchor
  /// Mean over the pairs i < j.
  case mean

  /// The factor of Σ_{i<j} for N images.
  func factor(images n: Int) -> Double {
    switch self {
    case .sum: 1
    case .anchor: 2 / Double(n)
    case .mean: 2 / (Double(n) * Double(n - 1))
    }
  }
}

/// The relation representation loss L_rd (§3.3, equations 5 to 7): distances between the images of a batch, in units of their mean, are
/// to be the same among the originals and among each augmented copy.
///
/// For a view with rows u: d_ij = √max(‖u_i − u_j‖², 10⁻¹²) over the pairs i < j, μ their mean, φ = d/max(μ, 10⁻⁶);
///
///     L = w/R Σᵣ Σ_{i<j} ( φ_ij − φ⁽ʳ⁾_ij )²,    w from `reduction`.
///
/// Both views get gradients, and μ is differentiated. Distances are computed by differences, not by inner products: near the uniform
/// start ‖u_i − u_j‖² is 10⁻⁴ to 10⁻⁶ of ‖u_i‖². 3(R + 1)N²C flop.
/// - Parameters:
///   - originals: P [N, C], at least two rows.
///   - augmented: P′ [R·N, C].
public func relationLoss(_ originals: DoubleMatrix, _ augmented: DoubleMatrix, reduction: RelationReduction) -> PairLoss {
  let copies = repeats(of: augmented, over: originals)
  let n = originals.rows
  precondition(n >= 2, "relations need at least two images")
  let factor = reduction.factor(images: n) / Double(copies)
  let relations = PairDistances(originals)
  var value = 0.0
  var onOriginals = [Double](repeating: 0, count: relations.distances.count)
  var onAugmented: [Double] = []
  onAugmented.reserveCapacity(augmented.values.count)
  for copy in 0..<copies {
    let view = augmented.rows(copy * n..<(copy + 1) * n)
    let viewRelations = PairDistances(view)
    var onView = [Double](repeating: 0, count: onOriginals.count)
    for pair in onView.indices {
      let difference = relations.distances[pair] / relations.unit - viewRelations.distances[pair] / viewRelations.unit
      value += difference * difference
      onOriginals[pair] += 2 * factor * difference
      onView[pair] = -2 * factor * difference
    }
    onAugmented += viewRelations.gradient(ofRelations: onView, on: view).values
  }
  return PairLoss(
    value: factor * value,
    originals: relations.gradient(ofRelations: onOriginals, on: originals),
    augmented: DoubleMatrix(rows: augmented.rows, columns: augmented.columns, onAugmented))
}

/// The distances of all pairs i < j of rows, (0,1), (0,2), … (N−2, N−1), and their mean μ.
struct PairDistances {
  /// Squared distances below this count as this: the square root has no slope at 0, and saturated rows coincide.
  static let smallestSquare = 1e-12
  static let smallestMean = 1e-6

  let distances: [Double]
  /// max(μ, 10⁻⁶): what distances are measured in.
  let unit: Double
  private let meanIsFree: Bool

  init(_ rows: DoubleMatrix) {
    let (n, c) = (rows.rows, rows.columns)
    var distances: [Double] = []
    distances.reserveCapacity(n * (n - 1) / 2)
    var sum = 0.0
    rows.values.withUnsafeBufferPointer { u in
      for i in 0..<n {
        for j in i + 1..<n {
          let distance = max(squaredDistance(u, i * c, j * c, c), Self.smallestSquare).squareRoot()
          distances.append(distance)
          sum += distance
        }
      }
    }
    let mean = sum / Double(distances.count)
    self.distances = distances
    unit = max(mean, Self.smallestMean)
    meanIsFree = mean >= Self.smallestMean
  }

  /// The gradient on the rows [N, C] of a gradient on φ = d/μ (one number per pair).
  func gradient(ofRelations slopes: [Double], on rows: DoubleMatrix) -> DoubleMatrix {
    let (n, c) = (rows.rows, rows.columns)
    var through = 0.0
    if meanIsFree { for pair in slopes.indices { through += slopes[pair] * distances[pair] / unit } }
    let shared = through / Double(slopes.count)
    var result = DoubleMatrix(zeros: n, c)
    let floor = Self.smallestSquare.squareRoot()
    rows.values.withUnsafeBufferPointer { u in
      result.values.withUnsafeMutableBufferPointer { g in
        var pair = 0
        for i in 0..<n {
          for j in i + 1..<n {
            if distances[pair] > floor {
              let slope = (slopes[pair] - shared) / (unit * distances[pair])
              for k in 0..<c {
                let part = slope * (u[i * c + k] - u[j * c + k])
                g[i * c + k] += part
                g[j * c + k] -= part
              }
            }
            pair += 1
          }
        }
      }
    }
    return result
  }
}

/// ‖a − b‖² of two rows of `c` numbers, eight partial sums in fixed order.
@inline(__always)
private func squaredDistance(_ u: UnsafeBufferPointer<Double>, _ a: Int, _ b: Int, _ c: Int) -> Double {
  var lanes = SIMD8<Double>.zero
  let base = UnsafeRawPointer(u.baseAddress.unsafelyUnwrapped)
  let whole = c / 8 * 8
  for k in stride(from: 0, to: whole, by: 8) {
    let x = base.loadUnaligned(fromByteOffset: (a + k) * 8, as: SIMD8<Double>.self)
    let y = base.loadUnaligned(fromByteOffset: (b + k) * 8, as: SIMD8<Double>.self)
    lanes += (x - y) * (x - y)
  }
  var sum = lanes.sum()
  for k in whole..<c { sum += (u[a + k] - u[b + k]) * (u[a + k] - u[b + k]) }
  return sum
}
