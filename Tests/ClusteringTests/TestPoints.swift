import Tensors

/// Points that several tests use.
enum TestPoints {
  /// `blobs` clouds of about unit spread (sums of four uniform numbers), six apart along coordinates of their own.
  static func blobs(_ blobs: Int, of count: Int, dimensions: Int, seed: UInt64) -> (points: Tensor, classes: [Int]) {
    var stream = RandomStream(seed: seed, purpose: .test)
    let classes = (0..<blobs * count).map { $0 % blobs }
    let values = classes.flatMap { blob in
      (0..<dimensions).map { d -> Float in
        let noise = stream.uniform(-1, 1) + stream.uniform(-1, 1) + stream.uniform(-1, 1)
        return noise + (d % blobs == blob ? 6 : 0)
      }
    }
    return (Tensor(shape: [classes.count, dimensions], values), classes)
  }

  /// Uniform in [−1, 1)^D.
  static func cube(_ count: Int, dimensions: Int, seed: UInt64) -> Tensor {
    var stream = RandomStream(seed: seed, purpose: .test)
    return Tensor(shape: [count, dimensions], (0..<count * dimensions).map { _ in stream.uniform(-1, 1) })
  }

  /// Share of points whose nearest neighbours are, by majority of `k`, of their own class.
  static func purity(_ points: Tensor, _ classes: [Int], neighbours k: Int) -> Double {
    let (n, d) = (points.shape[0], points.shape[1])
    let p = points.scalars
    func square(_ i: Int, _ j: Int) -> Float {
      (0..<d).reduce(0) { $0 + (p[i * d + $1] - p[j * d + $1]) * (p[i * d + $1] - p[j * d + $1]) }
    }
    let pure = (0..<n).filter { i in
      let nearest = (0..<n).filter { $0 != i }.map { (square(i, $0), $0) }.sorted { $0.0 < $1.0 }.prefix(k)
      return 2 * nearest.filter { classes[$0.1] == classes[i] }.count > k
    }
    return Double(pure.count) / Double(n)
  }
}

/// The points of Tests/oracles/clustering.py, [12, 4].
let oraclePoints = Tensor(
  shape: [12, 4],
  [
    10.78, -3.91, -0.25, 7.02, 7.42, -7.03, -0.17, 6.51, 5.07, -2.99, -0.06, 7.2, 7.03, -5.32, -1.0, 6.56, 10.59, -5.57, 0.36, 7.17, 16.08,
    -6.79, 0.89, 6.96, 9.96, -6.9, -0.46, 7.37, 9.75, -3.84, -0.29, 7.58, 9.94, -8.4, -0.69, 6.02, 0.25, -5.06, 1.33, 7.02, 6.48, -5.88,
    1.13, 7.08, 10.14, -4.11, 0.04, 7.4,
  ])
