/// What `evaluate` says of one run: the content of `scores.json`.
public struct Scores: Hashable, Sendable {
  /// The three metrics of the paper (§4.1) at one epoch; larger is better. All are nil where no image has a label.
  public struct Metrics: Hashable, Sendable {
    /// The epoch whose assignments were scored; 0 for methods without epochs.
    public let epoch: Int
    /// ACC in 0…1: share of images in the class of their cluster under the best one-to-one map (Hungarian).
    public let accuracy: Double?
    /// NMI in 0…1 with the geometric mean √(H(true)·H(predicted)) as normaliser.
    public let nmi: Double?
    /// NMI with the arithmetic mean as normaliser.
    public let nmiArithmetic: Double?
    /// ARI in −1…1.
    public let ari: Double?

    public init(epoch: Int, accuracy: Double?, nmi: Double?, nmiArithmetic: Double?, ari: Double?) {
      self.epoch = epoch
      self.accuracy = accuracy
      self.nmi = nmi
      self.nmiArithmetic = nmiArithmetic
      self.ari = ari
    }
  }

  /// Images of one cluster that show what it gets right and wrong (Figure 4); numbers are rows of `images.h5`, most confident first.
  public struct Cases: Hashable, Sendable {
    public let cluster: Int
    /// The class that the Hungarian map gives this cluster; −1 where it gives none: then all its images are failures, except that they are
    /// successes where no image of the set has a label.
    public let mappedClass: Int
    public let successes: [Int]
    public let failures: [Int]
    /// The true class of each failure.
    public let failureClasses: [Int]

    public init(cluster: Int, mappedClass: Int, successes: [Int], failures: [Int], failureClasses: [Int]) {
      self.cluster = cluster
      self.mappedClass = mappedClass
      self.successes = successes
      self.failures = failures
      self.failureClasses = failureClasses
    }
  }

  /// The last epoch: the headline, chosen without looking at labels.
  public var last: Metrics
  /// The epoch of highest ACC among those kept: chosen with labels, for comparison with papers that do so.
  public let best: Metrics
  /// Every epoch kept, ascending.
  public let epochs: [Metrics]
  /// Images with a label, which the metrics count; 0 for a set without labels.
  public let images: Int
  /// Whether the original files had the official checksums.
  public let verified: Bool
  public let classNames: [String]
  /// confusion[cluster][class]: images of the last epoch's cluster that belong to the class.
  public let confusion: [[Int]]
  /// clusterClasses[cluster]: the class the Hungarian map gives the cluster, −1 where it gets none.
  public let clusterClasses: [Int]
  /// Mean squared distance of assignment probabilities to the class mean, per true class (§4.5.2); empty without probabilities or labels.
  public let varianceByClass: [Double]
  /// The same per cluster, in the order of their mapped classes, of their numbers in a set without labels; empty without probabilities.
  public let varianceByCluster: [Double]
  /// Of every cluster, by number; empty without probabilities.
  public let cases: [Cases]
  /// How the clusters came about, where the method has more ways than one; for the notes of tables.
  public let remarks: String?

  public init(
    last: Metrics, best: Metrics, epochs: [Metrics], images: Int, verified: Bool, classNames: [String], confusion: [[Int]],
    clusterClasses: [Int], varianceByClass: [Double], varianceByCluster: [Double], cases: [Cases],
    remarks: String? = nil
  ) {
    self.last = last
    self.best = best
    self.epochs = epochs
    self.images = images
    self.verified = verified
    self.classNames = classNames
    self.confusion = confusion
    self.clusterClasses = clusterClasses
    self.varianceByClass = varianceByClass
    self.varianceByCluster = varianceByCluster
    self.cases = cases
    self.remarks = remarks
  }
}
