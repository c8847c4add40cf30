import ArgumentParser
import Artifacts
import Clustering
import Tensors

struct KMeansTime: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "kmeans", abstract: "k-means of Fashion-MNIST's training images by their pixels: all restarts, from start to inertia.")

  @Option(help: "Images, the first ones; at most 60000.") var images = FashionPixels.most
  @Option(help: "Clusters.") var clusters = 10
  @Option(help: "Restarts.") var restarts = 10
  @Option(help: "Threads.") var threads = 2
  @Option(help: ArgumentHelp("Only write the input there, for the peer.", valueName: "file.npy")) var writeInput: String?
  @Flag(help: "Print one line of JSON.") var json = false

  mutating func validate() throws {
    guard min(clusters, restarts, threads) >= 1, (clusters...FashionPixels.most).contains(images) else {
      throw ValidationError("clusters, restarts and threads are at least 1, images at least clusters and at most \(FashionPixels.most)")
    }
  }

  func run() throws {
    let pixels = try FashionPixels.training(images)
    if let writeInput { return try FashionPixels.write(pixels, to: writeInput) }
    // What scikit-learn does unless told otherwise, and the stage cluster too.
    let method = KMeans(clusters: clusters, restarts: restarts, iterations: 300, tolerance: 1e-4)
    let (seconds, result) = try Stopwatch.once { try method.fit(pixels, seed: 0, team: ThreadTeam(threads: threads)) }
    let (time, inertia) = (Stopwatch.rounded(seconds, 3), Stopwatch.rounded(result.inertia, 1))
    let line: JSONValue = [
      "seconds": .number(time), "inertia": .number(inertia), "images": .integer(images), "clusters": .integer(clusters),
      "restarts": .integer(restarts), "threads": .integer(threads),
    ]
    print(json ? line.canonical : "k-means of \(images) images: \(time) s, inertia \(inertia), \(restarts) restarts, \(threads) threads")
  }
}
