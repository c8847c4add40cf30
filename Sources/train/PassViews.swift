import Artifacts
import Datasets
import DeepClustering
import StageKit
import Synchronization
import Tensors

/// The views of the images in any pass: read where `views.h5` holds what would be computed, computed by the same function otherwise.
final class PassViews: Sendable {
  private let images: ImageSet
  private let augmentation: Augmentation
  private let seed: UInt64
  private let file: String?
  private let team: ThreadTeam
  private let warn: @Sendable (String) -> Void
  /// The pass read last.
  private let stored = Mutex<(pass: Int, repeats: Int, views: ViewsFile.Pass?)>((-1, 0, nil))

  /// - Parameters:
  ///   - file: `views.h5`; used where it was made with `madeWith`, from the same images.
  ///   - madeWith: seed and augmentation in the spelling of stage augment.
  ///   - team: computes what the file lacks.
  ///   - warn: told why a file is not used.
  init(
    _ images: ImageSet, augmentation: Augmentation, seed: UInt64, file: String?, madeWith: String, team: ThreadTeam,
    warn: @escaping @Sendable (String) -> Void
  ) throws {
    self.images = images
    self.augmentation = augmentation
    self.seed = seed
    self.team = team
    self.warn = warn
    // A method with an augmentation, or a number of copies, of its own meets other methods' views as a matter of course: not worth a word.
    self.file = try file.flatMap { try ViewsFile.madeWith($0) == madeWith ? $0 : nil }
  }

  /// Originals, or plain views, [n, S, S, C] and augmented [R·n, S, S, C], copy by copy.
  func views(of numbers: [Int], pass: Int, kind: ViewKind) throws -> (originals: [UInt8], augmented: [UInt8]) {
    guard case .augmented(let repeats) = kind else {
      return (try Views.evaluation(images, numbers: numbers, resize: augmentation.resize, size: augmentation.size, team: team), [])
    }
    if let views = try stored(pass, repeats) { return try views.views(of: numbers) }
    return try compute(numbers, pass: pass, repeats: repeats)
  }

  private func compute(_ numbers: [Int], pass: Int, repeats: Int) throws -> (originals: [UInt8], augmented: [UInt8]) {
    (
      try Views.originals(images, numbers: numbers, pass: pass, seed: seed, augmentation: augmentation, team: team),
      try Views.augmented(images, numbers: numbers, pass: pass, seed: seed, repeats: repeats, augmentation: augmentation, team: team)
    )
  }

  private func stored(_ pass: Int, _ repeats: Int) throws -> ViewsFile.Pass? {
    guard let file else { return nil }
    return try stored.withLock { stored in
      if stored.pass != pass || stored.repeats != repeats {
        stored = (pass, repeats, nil)
        if let views = try ViewsFile.read(file, pass: pass), views.repeats == repeats {
          if try isWhatWouldBeComputed(views, pass: pass, repeats: repeats) {
            stored.views = views
          } else {
            warn("pass \(pass) in \(file) is of other images, or of other views of them: its views are computed")
          }
        }
      }
      return stored.views
    }
  }

  /// By sizes, and by the views of the first, the middle and the last image.
  private func isWhatWouldBeComputed(_ views: ViewsFile.Pass, pass: Int, repeats: Int) throws -> Bool {
    guard [views.images, views.size, views.channels] == [images.count, augmentation.size, images.channels] else {
      return false
    }
    let some = [0, images.count / 2, images.count - 1]
    let (stored, computed) = (try views.views(of: some), try compute(some, pass: pass, repeats: repeats))
    return stored.originals == computed.originals && stored.augmented == computed.augmented
  }
}
