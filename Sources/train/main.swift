import Artifacts
import Datasets
import DeepClustering
import StageKit
import Tensors

let network = NetworkSettings()
let augmentation = AugmentationSettings()
let losses = LossSettings()
let seed = Setting<Int>("seed", 0...Int(Int32.max), "seed of weights, order and views")
let epochs = Setting<Int>("epochs", 1...100_000, "passes over the data for each head")
let snapshots = Setting<[Int]>("snapshots", 0...100_000, "epochs whose weights are kept; 0 is before training")
let batch = Setting<Int>("batch", 2...100_000, "original images in a step")
let repeats = Setting<Int>("repeats", 1...100, "augmented copies of each image in a step")
let learningRate = Setting<Double>("learningRate", 1e-9...10, "Adam's step size")

let description = StageDescription(
  name: "train", version: 1, summary: "Trains the network of CCR, of its ablations or of DCDC by the switches of its losses.",
  inputs: [Port("images", "images.h5"), Port("views", "views.h5; passes it lacks are computed alike", optional: true)],
  outputs: [Port("weights", "weights.h5", datasets: ["/epoch_*/stem.0.weight"]), Port("history", "history.csv")],
  settings: network.all + augmentation.all + losses.all + [
    AnySetting(seed), AnySetting(epochs), AnySetting(snapshots), AnySetting(batch), AnySetting(repeats), AnySetting(learningRate),
  ], usesBLAS: true)

StageProgram.run(description) { job in
  Memory.keepFreedPages()
  let images = try ImagesFile.read(job.input("images"))
  let views = try augmentation.augmentation(job)
  let (model, input) = try network.make(job, channels: images.channels, size: views.size, seed: UInt64(job[seed]))
  let loss = losses.make(job)
  guard !job[snapshots].isEmpty else { throw StageError.illegalSetting("snapshots", "must name at least one epoch") }
  if let late = job[snapshots].first(where: { $0 > job[epochs] }) {
    throw StageError.illegalSetting("snapshots", "must be at most epochs, \(job[epochs]), not \(late)")
  }
  guard images.scored >= 2 else {
    throw HDF5Error.unexpected(
      dataset: "/images", path: job.input("images"), expected: "at least 2 images to cluster", found: "\(images.scored)")
  }
  let plan = Trainer.Plan(
    images: images.count, clusteredImages: images.scored, epochs: job[epochs], batch: job[batch], repeats: job[repeats],
    learningRate: job[learningRate], loss: loss, snapshots: job[snapshots], seed: UInt64(job[seed]))
  let checkpoints = try job.checkpointFolder.map { folder in
    // As in the runner's action key: other code or another CPU would end with other weights.
    let parts = [
      try ContentDigest.ofFile("/proc/self/exe").hex, NumericClass.current, try ContentDigest.ofFile(job.input("images")).hex,
      job.canonicalSettings,
    ]
    return CheckpointFolder(folder, identity: ContentDigest.of(Array(parts.joined(separator: "\n").utf8)))
  }
  let resumed = checkpoints?.newest(
    decode: { bytes in TrainingState(decoding: bytes).flatMap { $0.fits(model) ? $0 : nil } }, warn: job.warn)
  // With several threads, the views of the next batch are computed by one while the others compute on the present one.
  let passViews = PassViews(
    images, augmentation: views, repeats: plan.repeats, seed: plan.seed, file: job.optionalInput("views"), team: ThreadTeam(threads: 1))
  let trainer = Trainer(plan, network: model, input: input, resuming: resumed, team: job.team)
  let progress = TrainingProgress(epochs: plan.epochs)
  let finished = try trainer.run(views: passViews.views(of:pass:)) {
    job.interrupted
  } tell: { event in
    switch event {
    case .step(let epoch, let done, let steps, let loss, let images): progress.tell(job, epoch, done, steps, loss, images)
    case .pass: try checkpoints?.save(trainer.state.encoded())
    case .warning(let message): job.warn(message)
    }
  }
  guard finished else {
    if checkpoints == nil { job.warn("no folder for checkpoints was named (--checkpoint): training will start anew") }
    try checkpoints?.save(trainer.state.encoded())
    throw StageInterrupted(saved: checkpoints != nil)
  }
  try WeightsFile.write(trainer.state.snapshots, to: job.output("weights"))
  try AtomicFile.write(HistoryTable.csv(trainer.state.history, loss: loss), to: job.output("history"))
}
