import ArgumentParser
import Artifacts
import Clustering
import StageKit
import Tensors

struct ClusteringTime: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "clustering",
    abstract: "SC, AC (Ward) or NMF of Fashion-MNIST's training images by their pixels: from the pixels to the clusters or factors.")

  enum Method: String, ExpressibleByArgument, CaseIterable { case sc, ac, nmf }

  @Option(help: "Method.") var method = Method.sc
  @Option(help: "Images, the first ones; at most 60000.") var images = 10_000
  @Option(help: "Clusters.") var clusters = 10
  @Option(help: "Threads.") var threads = 2
  @Option(help: ArgumentHelp("Only write the input there, for the peer.", valueName: "file.npy")) var writeInput: String?
  @Option(help: ArgumentHelp("With --write-input and nmf, write where the parts start there.", valueName: "file.npy")) var writeStart:
    String?
  @Flag(help: "Print one line of JSON.") var json = false

  mutating func validate() throws {
    guard min(clusters, threads) >= 1, (clusters...FashionPixels.most).contains(images), images > Self.neighbours else {
      throw ValidationError(
        "clusters and threads are at least 1, images above \(Self.neighbours), at least clusters and at most \(FashionPixels.most)")
    }
  }

  private static let scaleNeighbour = 7
  private static let neighbours = 50

  func run() throws {
    BLAS.restartWithPreferredCore()
    let pixels = try FashionPixels.training(images)
    let team = ThreadTeam(threads: threads)
    if let writeInput {
      if let writeStart {
        let images = try MatrixFactorisation.unitRows(pixels, team: team)
        let start = MatrixFactorisation.start(images, clusters, seed: 0, restart: 0, graph: nil, locality: 0, team: team).factors
        let width = images.shape[1]
        try FashionPixels.write(Tensor(shape: [clusters, width], start.parts), to: "\(writeStart)-parts.npy")
        try FashionPixels.write(Tensor(shape: [self.images, clusters], start.coefficients), to: "\(writeStart)-coefficients.npy")
      }
      return try FashionPixels.write(pixels, to: writeInput)
    }
    let (seconds, objective) = try measured(pixels, team)
    let line: JSONValue = [
      "seconds": .number(Stopwatch.rounded(seconds, 3)), "objective": .number(Stopwatch.rounded(objective, 4)), "images": .integer(images),
      "clusters": .integer(clusters), "threads": .integer(threads), "blas_core": .string(BLAS.coreName),
    ]
    print(json ? line.canonical : "\(method.rawValue) of \(images) images: \(Stopwatch.rounded(seconds, 3)) s, objective \(objective)")
  }

  /// Seconds and what the method minimises: the normalised cut, the sum of squares, the divergence.
  private func measured(_ x: Tensor, _ team: ThreadTeam) throws -> (Double, Double) {
    switch method {
    case .sc:
      let method = SpectralClustering(
        clusters: clusters, scaleNeighbour: Self.scaleNeighbour, neighbours: Self.neighbours, exactUpTo: 0, restarts: 10)
      let (seconds, found) = try Stopwatch.once { try method.cluster(x, seed: 0, team: team) { _ in } }
      let graph = SelfTuningAffinity.graph(NearestNeighbours(x, count: Self.neighbours, team: team), Self.scaleNeighbour)
      return (seconds, graph.normalisedCut(found.assignments))
    case .ac:
      let (seconds, found) = try Stopwatch.once { try WardClustering(clusters: clusters).cluster(x, seed: 0, team: team) { _ in } }
      return (seconds, sumOfSquares(x, found.assignments))
    case .nmf:
      let method = MatrixFactorisation(clusters: clusters, locality: 0, neighbours: 5, restarts: 1, iterations: 200, tolerance: 1e-4)
      let (seconds, factors) = try Stopwatch.once { try method.factorise(x, seed: 0, team: team) { _ in } }
      return (seconds, factors.measure(team))
    }
  }

  /// Of all rows about the means of their clusters.
  private func sumOfSquares(_ x: Tensor, _ assignments: [Int32]) -> Double {
    let (n, d) = (x.shape[0], x.shape[1])
    let values = x.scalars
    var (sums, sizes) = ([Double](repeating: 0, count: clusters * d), [Double](repeating: 0, count: clusters))
    var total = 0.0
    for i in 0..<n {
      let cluster = Int(assignments[i])
      sizes[cluster] += 1
      for j in 0..<d {
        sums[cluster * d + j] += Double(values[i * d + j])
        total += Double(values[i * d + j]) * Double(values[i * d + j])
      }
    }
    for (place, sum) in sums.enumerated() where sizes[place / d] > 0 { total -= sum * sum / sizes[place / d] }
    return total
  }
}
