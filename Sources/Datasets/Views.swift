import Artifacts
import Tensors

/// Views of many images: pure functions of (seed, pass, image number, copy), whatever the order, the batch or the threads.
public enum Views {
  /// Original views (T_red) [n, S, S, C].
  public static func originals(
    _ images: ImageSet, numbers: [Int], pass: Int, seed: UInt64, augmentation: Augmentation, team: ThreadTeam
  ) -> [UInt8] {
    each(images, numbers, copies: 1, size: augmentation.size, team) { source, number, _ in
      var stream = RandomStream(seed: seed, purpose: .view, epoch: pass, item: number, copy: 0)
      return augmentation.original(source, &stream)
    }
  }

  /// Augmented views (T_aug) [R, n, S, S, C]: copies 1 … R.
  public static func augmented(
    _ images: ImageSet, numbers: [Int], pass: Int, seed: UInt64, repeats: Int, augmentation: Augmentation, team: ThreadTeam
  ) -> [UInt8] {
    each(images, numbers, copies: repeats, size: augmentation.size, team) { source, number, copy in
      var stream = RandomStream(seed: seed, purpose: .view, epoch: pass, item: number, copy: copy + 1)
      return augmentation.augmented(source, &stream)
    }
  }

  /// Evaluation views (T_eval) [n, S, S, C]: resized, the centre cropped; nothing random.
  public static func evaluation(_ images: ImageSet, numbers: [Int], resize: Int, size: Int, team: ThreadTeam) -> [UInt8] {
    each(images, numbers, copies: 1, size: size, team) { source, _, _ in CentreCrop(resize: resize, size: size).view(source) }
  }

  private static func each(
    _ images: ImageSet, _ numbers: [Int], copies: Int, size: Int, _ team: ThreadTeam,
    _ view: @Sendable (_ source: Augmentation.Source, _ number: Int, _ copy: Int) -> [UInt8]
  ) -> [UInt8] {
    let bytes = size * size * images.channels
    let imageBytes = images.height * images.width * images.channels
    return [UInt8](unsafeUninitializedCapacity: copies * numbers.count * bytes) { buffer, count in
      let out = Destination(base: buffer.baseAddress)
      images.pixels.withUnsafeBufferPointer { pixels in
        let from = Origin(base: pixels.baseAddress)
        team.forEach(copies * numbers.count) { place in
          guard let base = from.base, let to = out.base else { return }
          let number = numbers[place % numbers.count]
          let source = Augmentation.Source(
            pixels: base + number * imageBytes, height: images.height, width: images.width, channels: images.channels)
          view(source, number, place / numbers.count).withUnsafeBufferPointer { view in
            guard let from = view.baseAddress else { return }
            (to + place * bytes).initialize(from: from, count: bytes)
          }
        }
      }
      count = copies * numbers.count * bytes
    }
  }

  /// Memory whose disjoint parts the threads of a team write.
  private struct Destination: @unchecked Sendable { let base: UnsafeMutablePointer<UInt8>? }
  private struct Origin: @unchecked Sendable { let base: UnsafePointer<UInt8>? }
}
