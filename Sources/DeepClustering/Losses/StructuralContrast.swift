import Tensors

/// The total loss of CCR (§3.3, equation 8) and, with weights of 0, of its ablations and of DCDC:
/// L = w_sam L_sam + w_clu L_clu + α L_rd + β L_ne. A term of weight 0 is not computed.
public struct StructuralContrast: Sendable {
  public let temperature: Double
  /// exp(cos/τ) rather than the printed exp(cos)/τ, in which τ cancels.
  public let temperatureInside: Bool
  public let instanceWeight: Double
  public let clusterWeight: Double
  /// α
  public let relationWeight: Double
  public let relationReduction: RelationLoss.Reduction
  /// β
  public let balanceWeight: Double

  public init(
    temperature: Double, temperatureInside: Bool, instanceWeight: Double, clusterWeight: Double, relationWeight: Double,
    relationReduction: RelationLoss.Reduction, balanceWeight: Double
  ) {
    self.temperature = temperature
    self.temperatureInside = temperatureInside
    self.instanceWeight = instanceWeight
    self.clusterWeight = clusterWeight
    self.relationWeight = relationWeight
    self.relationReduction = relationReduction
    self.balanceWeight = balanceWeight
  }

  /// The unweighted terms of one batch; 0 for those of weight 0.
  public struct Terms: Sendable, Hashable {
    public var instance = 0.0
    public var cluster = 0.0
    public var relation = 0.0
    public var balance = 0.0
    /// The weighted sum.
    public var total = 0.0

    public init() {}
  }

  /// - Parameters:
  ///   - p: assignment probabilities of the originals [N, C].
  ///   - q: those of R augmented copies [R·N, C], copy by copy.
  /// - Returns: the terms, and the gradients of their weighted sum on p and q.
  public func evaluate(_ p: Tensor, _ q: Tensor) -> (terms: Terms, originals: Tensor, augmented: Tensor) {
    var terms = Terms()
    var (dp, dq) = (Tensor(zeros: p.shape), Tensor(zeros: q.shape))
    let scale = contrastScale(temperature: temperature, inside: temperatureInside)
    func join(_ term: LossTerm, _ weight: Double) -> Double {
      dp.add(term.originals, times: Float(weight))
      dq.add(term.augmented, times: Float(weight))
      terms.total += weight * term.value
      return term.value
    }
    if instanceWeight != 0 { terms.instance = join(InstanceLoss.evaluate(p, q, scale: scale), instanceWeight) }
    if clusterWeight != 0 { terms.cluster = join(ClusterLoss.evaluate(p, q, scale: scale), clusterWeight) }
    if relationWeight != 0 { terms.relation = join(RelationLoss.evaluate(p, q, reduction: relationReduction), relationWeight) }
    if balanceWeight != 0 {
      let (value, gradient) = BalanceLoss.evaluate(p)
      dp.add(gradient, times: Float(balanceWeight))
      terms.balance = value
      terms.total += balanceWeight * value
    }
    return (terms, dp, dq)
  }
}
