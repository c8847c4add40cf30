import Tensors

/// Probabilities of methods that only say which cluster an image is in, so that what shows probabilities (Figures 3 to 5) shows these methods too.
/// They have no part in clusters or scores.
public enum SoftAssignments {
  /// q_ik ∝ 1/(1 + ‖z_i − m_k‖²/s): Student's t with one degree of freedom about the mean m_k of each cluster, as in DEC (Xie et al. 2016, equation 1).
  /// The scale s is the mean squared distance of images to the means of their own clusters. 4·N·K·D flop.
  /// - Parameters:
  ///   - features: [N, D]
  ///   - clusters: of each image, 0 ..< `count`, or −1, which has no part in means and scale.
  /// - Returns: [N, K], rows sum to 1. Clusters without images get 0, and where all images lie on their means, each is wholly its own cluster's.
  public static func students(_ features: Tensor, clusters: [Int32], count: Int) -> Tensor {
    let (n, d) = (features.shape[0], features.shape[1])
    let z = features.scalars
    var (means, sizes) = ([Double](repeating: 0, count: count * d), [Double](repeating: 0, count: count))
    for i in 0..<n where clusters[i] >= 0 {
      let k = Int(clusters[i])
      sizes[k] += 1
      for j in 0..<d { means[k * d + j] += Double(z[i * d + j]) }
    }
    for k in 0..<count where sizes[k] > 0 { for j in 0..<d { means[k * d + j] /= sizes[k] } }
    func square(_ i: Int, _ k: Int) -> Double {
      (0..<d).reduce(0.0) { sum, j in
        let difference = Double(z[i * d + j]) - means[k * d + j]
        return sum + difference * difference
      }
    }
    let clustered = (0..<n).filter { clusters[$0] >= 0 }
    let scale = clustered.reduce(0.0) { $0 + square($1, Int(clusters[$1])) } / Double(max(1, clustered.count))
    var q = [Float](repeating: 0, count: n * count)
    for i in 0..<n {
      guard scale > 0 else {
        q[i * count + max(0, Int(clusters[i]))] = 1
        continue
      }
      let weights = (0..<count).map { sizes[$0] > 0 ? 1 / (1 + square(i, $0) / scale) : 0 }
      let sum = weights.reduce(0, +)
      for k in 0..<count { q[i * count + k] = Float(weights[k] / sum) }
    }
    return Tensor(shape: [n, count], q)
  }
}
