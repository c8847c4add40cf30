import Tensors

/// The total loss of CCR (§3.3, equation 8) and, with weights of 0, of its ablations and of DCDC:
/// L = w_sam L_sam + w_clu L_clu + α L_rd + β L_ne. A term of weight 0 is not computed.
public struct CCRLoss: Sendable {
  public let temperature: ContrastTemperature
  public let instanceWeight: Double
  public let clusterWeight: Double
  /// α
  public let relationWeight: Double
  public let relationReduction: RelationReduction
  /// β; the balance term is not in equation (8) (docs/paper-decisions.md, A2).
  public let balanceWeight: Double

  /// - Parameters:
  ///   - temperature: τ > 0.
  ///   - temperatureInside: exp(cos/τ) rather than the printed exp(cos)/τ, in which τ cancels.
  public init(
    temperature: Double, temperatureInside: Bool, instanceWeight: Double, clusterWeight: Double, relationWeight: Double,
    relationReduction: RelationReduction, balanceWeight: Double
  ) {
    self.temperature = ContrastTemperature(temperature, inside: temperatureInside)
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

  /// The terms that are computed, with their weights.
  func weighted(_ terms: Terms) -> [Term] {
    [
      Term("instance", terms.instance, weight: instanceWeight), Term("cluster", terms.cluster, weight: clusterWeight),
      Term("relation", terms.relation, weight: relationWeight), Term("balance", terms.balance, weight: balanceWeight),
    ].filter { $0.weight != 0 }
  }

  /// - Parameters:
  ///   - originals: P [N, C], rows sum to 1, N ≥ 2.
  ///   - augmented: P′ [R·N, C], copy by copy.
  /// - Returns: the terms, and the gradients of their weighted sum on P and P′.
  public func evaluate(
    _ originals: DoubleMatrix, _ augmented: DoubleMatrix
  ) -> (terms: Terms, originals: DoubleMatrix, augmented: DoubleMatrix) {
    var terms = Terms()
    var onOriginals = DoubleMatrix(zeros: originals.rows, originals.columns)
    var onAugmented = DoubleMatrix(zeros: augmented.rows, augmented.columns)
    func join(_ loss: PairLoss, _ weight: Double) -> Double {
      onOriginals.add(loss.originals, times: weight)
      onAugmented.add(loss.augmented, times: weight)
      terms.total += weight * loss.value
      return loss.value
    }
    if instanceWeight != 0 {
      terms.instance = join(instanceRepresentationLoss(originals, augmented, temperature: temperature), instanceWeight)
    }
    if clusterWeight != 0 {
      terms.cluster = join(clusterRepresentationLoss(originals, augmented, temperature: temperature), clusterWeight)
    }
    if relationWeight != 0 {
      terms.relation = join(relationLoss(originals, augmented, reduction: relationReduction), relationWeight)
    }
    if balanceWeight != 0 {
      let (value, gradient) = balanceLoss(originals)
      onOriginals.add(gradient, times: balanceWeight)
      terms.balance = value
      terms.total += balanceWeight * value
    }
    return (terms, onOriginals, onAugmented)
  }

  /// The same for Float32 probabilities [N, C] and [R·N, C], as a tape gives and takes them; computed in Double.
  public func evaluate(_ p: Tensor, _ q: Tensor) -> (terms: Terms, originals: Tensor, augmented: Tensor) {
    let (terms, originals, augmented) = evaluate(DoubleMatrix(p), DoubleMatrix(q))
    return (terms, originals.tensor, augmented.tensor)
  }
}
