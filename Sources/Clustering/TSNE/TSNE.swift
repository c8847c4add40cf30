import Tensors

/// t-SNE (van der Maaten & Hinton 2008) to two dimensions; the paper's Figure 3.
///
/// PCA to 50 dimensions, affinities over the 3·perplexity nearest neighbours (exact), start from the first two principal components,
/// gradient descent with early exaggeration, momentum and Jacobs' gains. Nothing is random: equal points give equal maps.
/// Cost: 2·n²·50 flop for the neighbours, then O(n) for each iteration (`InterpolatedRepulsion`).
public struct TSNE: Sendable {
  public let perplexity: Double
  /// All iterations, the exaggerated ones included.
  public let iterations: Int
  /// Factor on the affinities in the first `exaggerationIterations`.
  public let exaggeration: Double
  public let exaggerationIterations: Int

  /// Dimensions above this are reduced by PCA first.
  public static let dimensionsKept = 50
  /// Up to this many points the divergence that `embed` returns is exact; above, its normaliser is interpolated.
  public static let pointsWithExactDivergence = 10_000

  public init(perplexity: Double, iterations: Int, exaggeration: Double, exaggerationIterations: Int) {
    self.perplexity = perplexity
    self.iterations = iterations
    self.exaggeration = exaggeration
    self.exaggerationIterations = exaggerationIterations
  }

  /// - Parameters:
  ///   - points: [n, D] with n > 3·perplexity.
  ///   - progress: called after every iteration with its number, from 1; what it throws ends the work.
  /// - Returns: the map [n, 2], centred, and its Kullback–Leibler divergence: Σ p ln(p/q) over the pairs with p > 0.
  public func embed<E: Error>(
    _ points: Tensor, team: ThreadTeam, progress: (Int) throws(E) -> Void
  ) throws(E) -> (map: Tensor, klDivergence: Double) {
    var descent = descent(points, team: team)
    for iteration in 1...max(1, iterations) {
      descent.step(team: team)
      try progress(iteration)
    }
    return (descent.map, descent.divergence(team: team))
  }

  /// The descent before its first step.
  package func descent(_ points: Tensor, team: ThreadTeam) -> TSNEDescent {
    let (n, d) = (points.shape[0], points.shape[1])
    precondition(Double(n) > 3 * perplexity, "\(n) points are too few for perplexity \(perplexity)")
    let reduced = d > Self.dimensionsKept ? PrincipalComponents.project(points, to: Self.dimensionsKept, team: team) : points
    let neighbours = NearestNeighbours(reduced, count: min(n - 1, Int(3 * perplexity)), team: team)
    return TSNEDescent(
      Affinities(neighbours, perplexity: perplexity, team: team), start: PrincipalComponents.project(reduced, to: 2, team: team), of: self)
  }
}
