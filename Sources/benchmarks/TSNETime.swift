import ArgumentParser
import Artifacts
import Clustering
import StageKit
import Tensors

struct TSNETime: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tsne", abstract: "t-SNE of Fashion-MNIST's training images in 50 principal components: neighbours, affinities, descent.")

  @Option(help: "Images, the first ones; at most 60000.") var points = 10_000
  @Option(help: "Perplexity.") var perplexity = 30.0
  @Option(help: "Iterations in all.") var iterations = 750
  @Option(help: "Iterations with early exaggeration, of 12.") var exaggerationIterations = 250
  @Option(help: "Threads.") var threads = 2
  @Option(help: ArgumentHelp("Only write the input there, for the peer.", valueName: "file.npy")) var writeInput: String?
  @Flag(help: "Print one line of JSON.") var json = false

  mutating func validate() throws {
    guard perplexity >= 2, Double(points) > 3 * perplexity, points <= FashionPixels.most else {
      throw ValidationError("perplexity is at least 2, points more than three times the perplexity and at most \(FashionPixels.most)")
    }
    guard min(iterations, threads) >= 1, exaggerationIterations >= 0 else {
      throw ValidationError("iterations and threads are at least 1")
    }
  }

  func run() throws {
    BLAS.restartWithPreferredCore()
    let team = ThreadTeam(threads: threads)
    let input = PrincipalComponents.project(try FashionPixels.training(points), to: TSNE.dimensionsKept, team: team)
    if let writeInput { return try FashionPixels.write(input, to: writeInput) }
    let method = TSNE(
      perplexity: perplexity, iterations: iterations, exaggeration: 12, exaggerationIterations: exaggerationIterations)
    let (seconds, divergence) = Stopwatch.once { method.embed(input, team: team) { _ in }.klDivergence }
    let (time, kl) = (Stopwatch.rounded(seconds, 3), Stopwatch.rounded(divergence, 4))
    let line: JSONValue = [
      "seconds": .number(time), "kl_divergence": .number(kl), "points": .integer(points), "iterations": .integer(iterations),
      "threads": .integer(threads), "blas_core": .string(BLAS.coreName),
    ]
    print(
      json
        ? line.canonical
        : "t-SNE of \(points) points: \(time) s, KL divergence \(kl), \(iterations) iterations, \(threads) threads, \(BLAS.coreName)")
  }
}
