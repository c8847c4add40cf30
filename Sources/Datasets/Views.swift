import Artifacts
import Tensors

/// Views of many images: pure functions of (seed, pass, image number, copy), whatever the order, the batch or the threads.
/// All throw `HDF5Error` where the images' file turns out to be damaged.
public enum Views {
  /// Original views (T_red) [n, S, S, C]: resized, cropped at random.
  public static func originals(
    _ images: ImageSet, numbers: [Int], pass: Int, seed: UInt64, augmentation: Augmentation, team: ThreadTeam
  ) throws -> [UInt8] {
    let size = augmentation.size
    let axes = ResizedAxes(images, shorter: augmentation.resize)
    return try make(images, numbers, copies: 1, size: size, team) { workspace, image, number, _, out in
      var stream = RandomStream(seed: seed, purpose: .view, epoch: pass, item: number, copy: 0)
      let top = stream.integer(below: axes.height.outputs - size + 1)
      let left = stream.integer(below: axes.width.outputs - size + 1)
      axes.cut(image, top: top, left: left, size: size, &workspace, to: out)
    }
  }

  /// Augmented views (T_aug) [R, n, S, S, C]: copies 1 … R.
  public static func augmented(
    _ images: ImageSet, numbers: [Int], pass: Int, seed: UInt64, repeats: Int, augmentation: Augmentation, team: ThreadTeam
  ) throws -> [UInt8] {
    let tables = ResamplingTables(upTo: max(images.height, images.width), outputs: augmentation.size)
    return try make(images, numbers, copies: repeats, size: augmentation.size, team) { workspace, image, number, copy, out in
      var stream = RandomStream(seed: seed, purpose: .view, epoch: pass, item: number, copy: copy + 1)
      let recipe = augmentation.recipe(height: image.height, width: image.width, &stream)
      augmented(image, recipe, tables, size: augmentation.size, &workspace, to: out)
    }
  }

  /// Evaluation views (T_eval) [n, S, S, C]: resized, the centre cropped; nothing random.
  public static func evaluation(_ images: ImageSet, numbers: [Int], resize: Int, size: Int, team: ThreadTeam) throws -> [UInt8] {
    let axes = ResizedAxes(images, shorter: resize)
    // torchvision rounds half-pixel offsets to even.
    let top = Int((Double(axes.height.outputs - size) / 2).rounded(.toNearestOrEven))
    let left = Int((Double(axes.width.outputs - size) / 2).rounded(.toNearestOrEven))
    return try make(images, numbers, copies: 1, size: size, team) { workspace, image, _, _, out in
      axes.cut(image, top: top, left: left, size: size, &workspace, to: out)
    }
  }

  /// One augmented view of one image.
  package static func augmented(_ images: ImageSet, number: Int, _ recipe: ViewRecipe, size: Int) throws -> [UInt8] {
    let tables = ResamplingTables(upTo: max(images.height, images.width), outputs: size)
    return try make(images, [number], copies: 1, size: size, ThreadTeam(threads: 1)) { workspace, image, _, _, out in
      augmented(image, recipe, tables, size: size, &workspace, to: out)
    }
  }

  private static func augmented(
    _ image: SourceImage, _ recipe: ViewRecipe, _ tables: ResamplingTables, size: Int, _ workspace: inout ViewWorkspace,
    to out: UnsafeMutablePointer<UInt8>
  ) {
    workspace.resample(
      image, top: recipe.top, left: recipe.left, rows: .init(table: tables[recipe.height], outputs: 0..<size),
      columns: .init(table: tables[recipe.width], outputs: 0..<size))
    if let degrees = recipe.rotation { workspace.rotate(degrees: degrees) }
    workspace.colour(recipe)
    workspace.write(to: out, flipped: recipe.flip)
  }

  /// Images are dealt out in pieces of this many, each with memory of its own.
  private static let piece = 16

  private static func make(
    _ images: ImageSet, _ numbers: [Int], copies: Int, size: Int, _ team: ThreadTeam,
    _ view: @escaping @Sendable (inout ViewWorkspace, SourceImage, _ number: Int, _ copy: Int, _ out: UnsafeMutablePointer<UInt8>) -> Void
  ) throws -> [UInt8] {
    if let wrong = numbers.first(where: { !(0..<images.count).contains($0) }) {
      preconditionFailure("there is no image \(wrong) among \(images.count)")
    }
    let bytes = size * size * images.channels
    let total = copies * numbers.count
    return try images.read(numbers) { pixels in
      let from = Origin(base: pixels.baseAddress)
      return [UInt8](unsafeUninitializedCapacity: total * bytes) { buffer, count in
        let out = Destination(base: buffer.baseAddress)
        team.forEach((total + piece - 1) / piece) { part in
          guard let base = from.base, let to = out.base else { return }
          var workspace = ViewWorkspace(size: size, height: images.height, width: images.width, channels: images.channels)
          for place in part * piece..<min(total, (part + 1) * piece) {
            let number = numbers[place % numbers.count]
            let image = SourceImage(
              pixels: base + number * images.imageBytes, height: images.height, width: images.width, channels: images.channels)
            view(&workspace, image, number, place / numbers.count, to + place * bytes)
          }
        }
        count = total * bytes
      }
    }
  }

  /// Memory whose disjoint parts the threads of a team write.
  private struct Destination: @unchecked Sendable { let base: UnsafeMutablePointer<UInt8>? }
  private struct Origin: @unchecked Sendable { let base: UnsafePointer<UInt8>? }
}

/// Images resized so that the shorter side has a given length, of which only the part that is asked for is computed.
struct ResizedAxes: Sendable {
  let height, width: Resampling

  init(_ images: ImageSet, shorter: Int) {
    let least = min(images.height, images.width)
    height = Resampling(length: images.height, outputs: images.height * shorter / least)
    width = Resampling(length: images.width, outputs: images.width * shorter / least)
  }

  func cut(
    _ image: SourceImage, top: Int, left: Int, size: Int, _ workspace: inout ViewWorkspace, to out: UnsafeMutablePointer<UInt8>
  ) {
    workspace.resample(
      image, top: 0, left: 0, rows: .init(table: height, outputs: top..<top + size),
      columns: .init(table: width, outputs: left..<left + size))
    workspace.write(to: out, flipped: false)
  }
}
