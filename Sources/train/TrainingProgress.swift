import StageKit

/// Says how far training is, at most ten times a second.
final class TrainingProgress {
  private let epochs: Int
  private let clock = ContinuousClock()
  private let started: ContinuousClock.Instant
  private var told: ContinuousClock.Instant?
  private var images = 0

  init(epochs: Int) {
    self.epochs = epochs
    started = clock.now
  }

  /// - Parameters:
  ///   - done: steps done of all `steps`.
  ///   - images: views of this step.
  func tell(_ job: StageJob, _ epoch: Int, _ done: Int, _ steps: Int, _ loss: Double, _ images: Int) {
    self.images += images
    let now = clock.now
    if let told, now - told < .milliseconds(100), done < steps { return }
    told = now
    job.progress(
      done: done, total: steps, unit: "step", detail: "epoch \(epoch)/\(epochs), loss \((loss * 1000).rounded() / 1000)",
      rate: Double(self.images) / max((now - started) / .seconds(1), 1e-6), rateUnit: "images/s")
  }
}
