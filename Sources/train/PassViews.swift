import Artifacts
import Datasets
import DeepClustering
import StageKit
import Synchronization
import Tensors

/// The views of the images in any pass: read where `views.h5` holds the pass, computed by the same function otherwise.
final class PassViews: Sendable {
  private let images: ImageSet
  private let augmentation: Augmentation
  private let seed: UInt64
  private let file: String?
  private let team: ThreadTeam
  /// The pass read last.
  private let stored = Mutex<(pass: Int, views: ViewsFile.Pass?)>((-1, nil))

  /// - Parameters:
  ///   - file: `views.h5`, made from the same images with the same seed and augmentation.
  ///   - team: computes what the file lacks.
  init(_ images: ImageSet, augmentation: Augmentation, seed: UInt64, file: String?, team: ThreadTeam) {
    self.images = images
    self.augmentation = augmentation
    self.seed = seed
    self.file = file
    self.team = team
  }

  /// Originals, or plain views, [n, S, S, C] and augmented [R·n, S, S, C], copy by copy.
  func views(of numbers: [Int], pass: Int, kind: ViewKind) throws -> (originals: [UInt8], augmented: [UInt8]) {
    guard case .augmented(let repeats) = kind else {
      return (try Views.evaluation(images, numbers: numbers, resize: augmentation.resize, size: augmentation.size, team: team), [])
    }
    if let views = try stored(pass, repeats) { return try views.views(of: numbers) }
    return (
      try Views.originals(images, numbers: numbers, pass: pass, seed: seed, augmentation: augmentation, team: team),
      try Views.augmented(images, numbers: numbers, pass: pass, seed: seed, repeats: repeats, augmentation: augmentation, team: team)
    )
  }

  private func stored(_ pass: Int, _ repeats: Int) throws -> ViewsFile.Pass? {
    guard let file else { return nil }
    return try stored.withLock { stored in
      if stored.pass != pass {
        stored = (pass, nil)
        stored.views = try ViewsFile.read(file, pass: pass)
      }
      guard let views = stored.views else { return nil }
      let expected = [images.count, augmentation.size, images.channels, repeats]
      let found = [views.images, views.size, views.channels, views.repeats]
      guard found == expected else {
        throw HDF5Error.unexpected(
          dataset: "pass \(pass)", path: file, expected: "images, size, channels, copies = \(expected)", found: "\(found)")
      }
      return views
    }
  }
}
