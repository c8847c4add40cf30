import Artifacts
import Datasets
import DeepClustering
import StageKit
import Tensors

let method = Setting<String>("method", choices: DeepMethods.all.map { $0.name }, "the clustering method")
let augmentation = AugmentationSettings()
let snapshots = Setting<[Int]>("snapshots", 0...100_000, "epochs whose weights are kept, besides the last; 0 is before training")

let description = StageDescription(
  name: "train", version: 2, summary: "Trains the network of a deep clustering method.",
  inputs: [Port("images", "images.h5"), Port("views", "views.h5; what it lacks is computed alike", optional: true)],
  outputs: [Port("weights", "weights.h5", datasets: ["/epoch_*/*"]), Port("history", "history.csv")],
  settings: CommonSettings.all + augmentation.all + [AnySetting(method), AnySetting(snapshots)],
  variants: (by: "method", settings: DeepMethods.variants { $0.networkSettings + $0.settings }),
  usesBLAS: false,
  check: { run in
    let method = try deepMethod(run.settings)
    _ = try augmentation.augmentation(run.settings)
    let images = run.input("images")
    try method.check(run.settings, channels: images.channels)
    try method.checkTraining(run.settings)
    if let late = run[snapshots].first(where: { $0 > run[CommonSettings.epochs] }) {
      throw StageError.illegalSetting("snapshots", "must be at most epochs, \(run[CommonSettings.epochs]), not \(late)")
    }
    if let count = images.clustered, count < 2 { throw TrainingError.tooFewImages(count) }
    if let count = images.images, run[CommonSettings.batch] > count {
      run.warn("a batch of \(run[CommonSettings.batch]) is more than the \(count) images there are: every step takes them all")
    }
    method.doubts(run.settings).forEach { run.warn($0) }
    run.promise(
      FileFacts(epochs: keptEpochs(run.settings), heads: method.heads(run.settings), settings: run.settings.canonical(of: "network")),
      of: "weights")
    run.promise(FileFacts(), of: "history")
    run.work = trainingWork(run.settings, method, images)
  })

/// The last epoch is kept whether it was asked for or not: it is what is scored.
@Sendable func keptEpochs(_ settings: SettingValues) -> [Int] { Set(settings[snapshots] + [settings[CommonSettings.epochs]]).sorted() }

/// What training takes, as far as it is known what it is trained on.
@Sendable func trainingWork(_ settings: SettingValues, _ method: any DeepMethod.Type, _ images: FileFacts) -> Work? {
  guard let count = images.images, let channels = images.channels else { return nil }
  let data = DataFacts(
    images: count, clusteredImages: images.clustered ?? count, channels: channels, size: settings[augmentation.size])
  guard let network = method.networkSize(settings, channels: channels, size: data.size),
    let load = method.workload(settings, data: data)
  else { return nil }
  return Work(
    operations: load.operations(network), memory: load.memory(network) + Double(count * channels) * Double(data.size * data.size),
    outputs: 4 * network.parameters * Double(keptEpochs(settings).count))
}

@Sendable func deepMethod(_ settings: SettingValues) throws -> any DeepMethod.Type {
  guard let found = DeepMethods.named(settings[method]) else { preconditionFailure("a choice of the schema") }
  return found
}

StageProgram.run(description, savesCheckpoints: true) { job in
  Memory.keepFreedPages()
  let images = try ImagesFile.read(job.input("images"))
  let views = try augmentation.augmentation(job.settings)
  let type = try deepMethod(job.settings)
  guard images.scored >= 2 else {
    throw HDF5Error.unexpected(
      dataset: "/images", path: job.input("images"), expected: "at least 2 images to cluster", found: "\(images.scored)")
  }
  try type.check(job.settings, channels: images.channels)
  let data = DataFacts(images: images.count, clusteredImages: images.scored, channels: images.channels, size: views.size)
  try type.checkTraining(job.settings)
  type.doubts(job.settings).forEach(job.warn)
  // Values and a moment of each, asked for before they are drawn.
  if let network = type.networkSize(job.settings, channels: images.channels, size: views.size) {
    try job.requireMemory(Int(8 * network.parameters))
  }
  let method = type.init(job.settings, data: data)
  try job.requireMemory(method.leastBytes, lower: job[CommonSettings.batch] > 2 ? ["batch"] : [])
  let checkpoints = try job.checkpointFolder.map { folder in
    // As in the runner's action key: other code or another CPU would end with other weights.
    let parts = [
      try ContentDigest.ofFile("/proc/self/exe").hex, NumericClass.current, try ContentDigest.ofFile(job.input("images")).hex,
      job.settings.canonical,
    ]
    return CheckpointFolder(folder, identity: ContentDigest.of(Array(parts.joined(separator: "\n").utf8)))
  }
  // What was trained on other bytes than those of the inputs must not be gone on from: not on those of a file that was made anew either.
  var inputs = ([job.input("images")] + [job.optionalInput("views")].compactMap { $0 }).map { (path: $0, stamp: FileStamp($0)) }
  func save(_ trainer: Trainer) throws {
    guard let checkpoints else { return }
    for at in inputs.indices {
      let (path, now) = (inputs[at].path, FileStamp(inputs[at].path))
      if let now, let before = inputs[at].stamp, now.isSameWriting(as: before) { continue }
      // A file of the store bears its digest as name: one that was only touched is what it was.
      let digest = path.split(separator: "/").last.flatMap { ContentDigest(hex: String($0)) }
      let isSameFile = inputs[at].stamp.flatMap { now?.isSameFile(as: $0) } ?? false
      guard isSameFile, let digest, try ContentDigest.ofFile(path).hex == digest.hex else { throw TrainingError.altered(path: path) }
      inputs[at].stamp = now
    }
    try checkpoints.save(trainer.state.encoded(), place: trainer.place)
  }
  let resumed = checkpoints?.newest(
    decode: { bytes in TrainingState(decoding: bytes).flatMap { $0.fits(method.model) ? $0 : nil } }, warn: job.warn)
  // With several threads, the views of the next batch are computed by one while the others compute on the present one.
  let passViews = try PassViews(
    images, augmentation: views, seed: UInt64(job[CommonSettings.seed]), file: job.optionalInput("views"),
    madeWith: augmentation.spelling(job.settings, seed: job[CommonSettings.seed]), team: ThreadTeam(threads: 1), warn: job.warn)
  let trainer = Trainer(method, data: data, snapshots: keptEpochs(job.settings), resuming: resumed, team: job.team)
  let progress = TrainingProgress(epochs: job[CommonSettings.epochs])
  if images.scored < job[CommonSettings.batch] {
    job.warn(
      "the \(images.scored) images to cluster are fewer than a batch of \(job[CommonSettings.batch]): every step takes all of them")
  }
  let finished: Bool
  do {
    finished = try trainer.run(views: passViews.views(of:pass:kind:)) {
      job.interrupted
    } tell: { event in
      switch event {
      case .step(let epoch, let done, let steps, let loss, let images): progress.tell(job, epoch, done, steps, loss, images)
      case .pass: try save(trainer)
      case .warning(let message): job.warn(message)
      }
    }
  } catch let diverged as TrainingDiverged {
    throw TrainingError.diverged(diverged, remedy: method.remedyForDivergence)
  }
  guard finished else {
    try save(trainer)
    throw StageInterrupted()
  }
  try WeightsFile.write(trainer.state.snapshots, to: job.output("weights"))
  try AtomicFile.write(HistoryTable.csv(trainer.state.history), to: job.output("history"))
}
