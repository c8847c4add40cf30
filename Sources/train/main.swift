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
let snapshots = Setting<[Int]>("snapshots", 0...100_000, "epochs whose weights are kept, besides the last; 0 is before training")
let batch = Setting<Int>("batch", 2...100_000, "original images in a step")
let repeats = Setting<Int>("repeats", 1...100, "augmented copies of each image in a step")
let learningRate = Setting<Double>("learningRate", 1e-9...10, "Adam's step size")

let description = StageDescription(
  name: "train", version: 1, summary: "Trains the network of CCR, of its ablations or of DCDC by the switches of its losses.",
  inputs: [Port("images", "images.h5"), Port("views", "views.h5; passes it lacks are computed alike", optional: true)],
  outputs: [Port("weights", "weights.h5", datasets: ["/epoch_*/stem.0.weight"]), Port("history", "history.csv")],
  settings: network.all + augmentation.all + losses.all + [
    AnySetting(seed), AnySetting(epochs), AnySetting(snapshots), AnySetting(batch), AnySetting(repeats), AnySetting(learningRate),
  ], usesBLAS: false,
  check: { run in
    _ = try augmentation.augmentation(run.settings)
    let (images, views) = (run.input("images"), run.input("views"))
    try network.check(run.settings, channels: images.channels)
    if let late = run[snapshots].first(where: { $0 > run[epochs] }) {
      throw StageError.illegalSetting("snapshots", "must be at most epochs, \(run[epochs]), not \(late)")
    }
    if let copies = views.copies, copies != run[repeats] {
      throw StageError.illegalSetting("repeats", "must be \(copies), as in the views that are made for it, not \(run[repeats])")
    }
    let spelling = augmentation.spelling(run.settings, seed: run[seed])
    if let made = views.settings, made != spelling {
      throw StageError.illegalSetting("augmentation", "and seed must be those its views are made with, in stage augment")
    }
    if let count = images.clustered, count < 2 { throw TrainingError.tooFewImages(count) }
    if let count = images.images, run[batch] > count {
      run.warn("a batch of \(run[batch]) is more than the \(count) images there are: every step takes them all")
    }
    run.promise(
      FileFacts(epochs: keptEpochs(run.settings), heads: run[network.heads], settings: run.settings.canonical(of: "network")),
      of: "weights")
    run.promise(FileFacts(columns: HistoryTable.columns), of: "history")
  })

/// The last epoch is kept whether it was asked for or not: it is what is scored.
@Sendable func keptEpochs(_ settings: SettingValues) -> [Int] { Set(settings[snapshots] + [settings[epochs]]).sorted() }

StageProgram.run(description, savesCheckpoints: true) { job in
  Memory.keepFreedPages()
  let images = try ImagesFile.read(job.input("images"))
  let views = try augmentation.augmentation(job.settings)
  let (model, input) = try network.make(job.settings, channels: images.channels, size: views.size, seed: UInt64(job[seed]))
  try job.requireMemory(
    model.leastBytes(images: (1 + job[repeats]) * min(job[batch], images.count), size: views.size), lower: job[batch] > 2 ? ["batch"] : [])
  let loss = losses.make(job.settings)
  guard images.scored >= 2 else {
    throw HDF5Error.unexpected(
      dataset: "/images", path: job.input("images"), expected: "at least 2 images to cluster", found: "\(images.scored)")
  }
  let plan = Trainer.Plan(
    images: images.count, clusteredImages: images.scored, epochs: job[epochs], batch: job[batch], repeats: job[repeats],
    learningRate: job[learningRate], loss: loss, snapshots: keptEpochs(job.settings), seed: UInt64(job[seed]))
  let checkpoints = try job.checkpointFolder.map { folder in
    // As in the runner's action key: other code or another CPU would end with other weights.
    let parts = [
      try ContentDigest.ofFile("/proc/self/exe").hex, NumericClass.current, try ContentDigest.ofFile(job.input("images")).hex,
      job.settings.canonical,
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
  if images.scored < plan.batch {
    job.warn("the \(images.scored) images to cluster are fewer than a batch of \(plan.batch): every step takes all of them")
  }
  let finished: Bool
  do {
    finished = try trainer.run(views: passViews.views(of:pass:)) {
      job.interrupted
    } tell: { event in
      switch event {
      case .step(let epoch, let done, let steps, let loss, let images): progress.tell(job, epoch, done, steps, loss, images)
      case .pass: try checkpoints?.save(trainer.state.encoded(), place: trainer.place)
      case .warning(let message): job.warn(message)
      }
    }
  } catch let diverged as TrainingDiverged {
    throw TrainingError.diverged(diverged, plan)
  }
  guard finished else {
    try checkpoints?.save(trainer.state.encoded(), place: trainer.place)
    throw StageInterrupted()
  }
  try WeightsFile.write(trainer.state.snapshots, to: job.output("weights"))
  try AtomicFile.write(HistoryTable.csv(trainer.state.history, loss: loss), to: job.output("history"))
}
