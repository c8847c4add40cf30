import Artifacts
import Datasets
import Foundation
import Tensors
import Testing

struct IDXTests {
  @Test func parsesAndRefuses() throws {
    let good: [UInt8] = [0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6]
    #expect(try IDX.parse(good, path: "f").shape == [2, 3])
    for bad in [Array(good.dropLast()), good + [7], Array(good.prefix(5)), [1] + good.dropFirst(), []] {
      #expect(throws: DatasetError.self) { try IDX.parse(bad, path: "f") }
    }
  }

  /// Mutated inputs give an answer or an error, never a trap.
  @Test func survivesMutations() {
    let good: [UInt8] = [0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6]
    var refused = 0
    for item in 0..<10_000 {
      var stream = RandomStream(seed: 1, purpose: .test, item: item)
      var bytes = good
      for _ in 0...stream.integer(below: 4) { bytes[stream.integer(below: bytes.count)] = UInt8(stream.integer(below: 256)) }
      bytes = Array(bytes.prefix(stream.integer(below: bytes.count + 1)))
      if (try? IDX.parse(bytes, path: "f")) == nil { refused += 1 }
    }
    #expect(refused > 5000 && refused <= 10_000)
  }
}

struct ViewsTests {
  private static func images(_ channels: Int) -> ImageSet {
    var stream = RandomStream(seed: 9, purpose: .test)
    let pixels = (0..<4 * 12 * 12 * channels).map { _ in UInt8(stream.integer(below: 256)) }
    return ImageSet(name: "toy", height: 12, width: 12, channels: channels, pixels: pixels, index: [0, 1, 2, 3], verified: false)
  }

  private static func augmentation(jitter: Double = 0.4, scale: ClosedRange<Double> = 0.3...1, rotation: Double = 25) -> Augmentation {
    Augmentation(
      resize: 12, size: 12, cropScale: scale, cropRatio: scale == 1...1 ? 1...1 : 0.75...1.3333, brightness: jitter, contrast: jitter,
      saturation: jitter, hue: jitter, greyProbability: jitter / 2, flipProbability: 0, rotationDegrees: rotation, rotationProbability: 0.5)
  }

  @Test(arguments: [1, 3]) func dependOnTheirKeyAlone(channels: Int) {
    let images = Self.images(channels)
    func views(_ numbers: [Int], threads: Int, pass: Int = 0) -> [UInt8] {
      Views.augmented(
        images, numbers: numbers, pass: pass, seed: 3, repeats: 1, augmentation: Self.augmentation(), team: ThreadTeam(threads: threads))
    }
    let (all, bytes) = (views([0, 1, 2, 3], threads: 1), 144 * channels)
    #expect(views([0, 1, 2, 3], threads: 2) == all)
    #expect(views([2], threads: 1) == Array(all[2 * bytes..<3 * bytes]))
    #expect(views([0, 1, 2, 3], threads: 1, pass: 1) != all)
  }

  @Test func withoutStrengthTheyAreTheImage() {
    let images = Self.images(3)
    let plain = Self.augmentation(jitter: 0, scale: 1...1, rotation: 0)
    let team = ThreadTeam(threads: 1)
    let augmented = Views.augmented(images, numbers: [0, 1, 2, 3], pass: 0, seed: 1, repeats: 1, augmentation: plain, team: team)
    #expect(augmented == Array(images.pixels))
    #expect(Views.originals(images, numbers: [0, 1, 2, 3], pass: 0, seed: 1, augmentation: plain, team: team) == Array(images.pixels))
    #expect(Views.evaluation(images, numbers: [0, 1, 2, 3], resize: 12, size: 12, team: team) == Array(images.pixels))
  }
}

struct CatalogueTests {
  @Test func subsetsIgnoreLabelsAndKeepTheOrder() throws {
    let images = ImageSet(name: "t", height: 1, width: 1, channels: 1, pixels: Array(0..<100), index: (0..<100).map { $0 }, verified: true)
    let labels = Labels(values: (0..<100).map { $0 / 50 }, classNames: ["a", "b"])
    let (chosen, kept) = try Catalogue.subset(images, labels, size: 20, seed: 1)
    #expect(chosen.count == 20 && chosen.index == chosen.index.sorted())
    #expect(zip(chosen.index, kept.values).allSatisfy { $0 / 50 == $1 })
    #expect(throws: DatasetError.subsetTooLarge(asked: 101, available: 100)) { try Catalogue.subset(images, labels, size: 101, seed: 1) }
  }

  @Test func missingAndMistypedDataSetsAreExplained() {
    let error = #expect(throws: DatasetError.self) { try Catalogue.read("fashon-mnist", folder: "/nowhere", verify: true) }
    #expect(error?.problem.contains("did you mean \"fashion-mnist\"?") == true)
  }
}
