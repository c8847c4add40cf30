import DeepClustering
import StageKit

/// Says how far training is: a line for every step, at most ten a second.
final class TrainingProgress {
  private let passes: Int
  private let heads: Int
  private let epochs: Int
  private let clock = ContinuousClock()
  private let started: ContinuousClock.Instant
  private var told: ContinuousClock.Instant?
  private var images = 0

  init(_ plan: Trainer.Plan, heads: Int) {
    passes = plan.epochs * heads
    epochs = plan.epochs
    self.heads = heads
    started = clock.now
  }

  func tell(_ job: StageJob, _ pass: Int, _ done: Int, _ steps: Int, _ loss: Double, _ images: Int) {
    self.images += images
    let now = clock.now
    if let told, now - told < .milliseconds(100), done < steps { return }
    told = now
    job.progress(
      done: pass * steps + done, total: passes * steps, unit: "step",
      detail: "epoch \(pass / heads + 1)/\(epochs), loss \((loss * 1000).rounded() / 1000)",
      rate: Double(self.images) / max((now - started) / .seconds(1), 1e-6), rateUnit: "images/s")
  }
}
