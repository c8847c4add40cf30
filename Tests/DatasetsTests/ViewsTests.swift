import Artifacts
import Datasets
import Tensors
import Testing

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

  @Test(arguments: [1, 3]) func dependOnTheirKeyAlone(channels: Int) throws {
    let images = Self.images(channels)
    func views(_ numbers: [Int], threads: Int, pass: Int = 0) throws -> [UInt8] {
      try Views.augmented(
        images, numbers: numbers, pass: pass, seed: 3, repeats: 1, augmentation: Self.augmentation(), team: ThreadTeam(threads: threads))
    }
    let (all, bytes) = (try views([0, 1, 2, 3], threads: 1), 144 * channels)
    #expect(try views([0, 1, 2, 3], threads: 2) == all)
    #expect(try views([2], threads: 1) == Array(all[2 * bytes..<3 * bytes]))
    #expect(try views([0, 1, 2, 3], threads: 1, pass: 1) != all)
  }

  @Test func withoutStrengthTheyAreTheImage() throws {
    let images = Self.images(3)
    let pixels = try images.pixels.bytes()
    let plain = Self.augmentation(jitter: 0, scale: 1...1, rotation: 0)
    let team = ThreadTeam(threads: 1)
    #expect(
      try Views.augmented(images, numbers: [0, 1, 2, 3], pass: 0, seed: 1, repeats: 1, augmentation: plain, team: team) == pixels)
    let areOriginalsEqual = try Views.originals(images, numbers: [0, 1, 2, 3], pass: 0, seed: 1, augmentation: plain, team: team) == pixels
    #expect(areOriginalsEqual)
    let isEvaluationEqual = try Views.evaluation(images, numbers: [0, 1, 2, 3], resize: 12, size: 12, team: team) == pixels
    #expect(isEvaluationEqual)
  }
}

struct ViewOracleTests {
  /// The picture of Tests/oracles/pil_views.py.
  static func image(_ height: Int, _ width: Int, _ channels: Int) -> [UInt8] {
    (0..<height * width * channels).map { at in
      let (y, x, c) = (at / channels / width, at / channels % width, at % channels)
      return UInt8((x * x * (3 + c) + y * 29 + x * y * (5 - c) + 90 * c + 60 * ((x / 3 + y / 2) % 2)) % 256)
    }
  }

  private static func hex(_ bytes: [UInt8]) -> String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }

  @Test(arguments: ViewOracles.views.indices) func viewsArePILsToTheByte(number: Int) throws {
    let (shape, size, recipe, bytes) = ViewOracles.views[number]
    let pixels = Self.image(shape.0, shape.1, shape.2)
    let images = ImageSet(
      name: "oracle", height: shape.0, width: shape.1, channels: shape.2, pixels: pixels, index: [0], verified: false)
    #expect(try Self.hex(Views.augmented(images, number: 0, recipe, size: size)) == bytes)
    #expect(Self.hex(PlainView.augmented(pixels, width: shape.1, channels: shape.2, recipe, size: size)) == bytes)
  }

  /// Fast kernels and plain twins agree on random recipes, sizes that fill no vector included.
  @Test(arguments: [(32, 32, 3, 32), (17, 23, 3, 13), (28, 28, 1, 28), (9, 7, 1, 16), (1, 1, 3, 5), (40, 3, 1, 1)])
  func twinsAgree(height: Int, width: Int, channels: Int, size: Int) throws {
    let images = ImageSet(
      name: "twin", height: height, width: width, channels: channels, pixels: Self.image(height, width, channels), index: [0],
      verified: false)
    let augmentation = Augmentation(
      resize: size, size: size, cropScale: 0.05...1, cropRatio: 0.5...2, brightness: 0.7, contrast: 0.7, saturation: 0.7, hue: 0.5,
      greyProbability: 0.2, flipProbability: 0.5, rotationDegrees: 40, rotationProbability: 0.3)
    for item in 0..<60 {
      var stream = RandomStream(seed: 5, purpose: .test, item: item)
      let recipe = augmentation.recipe(height: height, width: width, &stream)
      let plain = PlainView.augmented(try images.pixels.bytes(), width: width, channels: channels, recipe, size: size)
      #expect(try Views.augmented(images, number: 0, recipe, size: size) == plain, "\(recipe)")
    }
  }

  @Test func recipesCoverTheirRanges() {
    let augmentation = Augmentation(
      resize: 32, size: 32, cropScale: 0.2...1, cropRatio: 0.75...1.25, brightness: 0.4, contrast: 0.4, saturation: 0.4, hue: 0.4,
      greyProbability: 0.2, flipProbability: 0.5, rotationDegrees: 25, rotationProbability: 0.5)
    let count = 4000
    let recipes = (0..<count).map { item in
      var stream = RandomStream(seed: 1, purpose: .test, item: item)
      return augmentation.recipe(height: 32, width: 32, &stream)
    }
    for recipe in recipes {
      #expect((0...32 - recipe.height).contains(recipe.top) && (0...32 - recipe.width).contains(recipe.left))
      #expect((0.6...1.4).contains(recipe.brightness) && (0.6...1.4).contains(recipe.contrast))
    }
    // Five standard deviations of a binomial share.
    func near(_ found: Int, _ share: Double) -> Bool {
      abs(Double(found) - share * Double(count)) < 5 * (share * (1 - share) * Double(count)).squareRoot()
    }
    #expect(near(recipes.count { $0.grey }, 0.2) && near(recipes.count { $0.flip }, 0.5) && near(recipes.count { $0.rotation != nil }, 0.5))
    for operation in ViewRecipe.ColourOperation.allCases { #expect(near(recipes.count { $0.order.0 == operation }, 0.25)) }
    #expect(near(recipes.count { ($0.hueSteps ?? 128) < 128 }, 0.5))
    // RandomResizedCrop's area is uniform in [0.2, 1] except for crops that do not fit: the small half is seen more often.
    #expect(near(recipes.count { $0.height * $0.width < 614 }, 0.535))
  }
}

/// All 2²⁴ colours through the fast kernels, against PIL's digests.
struct ColourTests {
  private func digest(_ operation: ([ColourOperations.Plane], Int) -> Void) -> String {
    let count = 1 << 16
    let memory = UnsafeMutablePointer<Float>.allocate(capacity: 3 * count)
    defer { memory.deallocate() }
    let planes = (0..<3).map { memory + $0 * count }
    var hasher = ContentHasher()
    for red in 0..<256 {
      for at in 0..<count {
        planes[0][at] = Float(red)
        planes[1][at] = Float(at >> 8)
        planes[2][at] = Float(at & 255)
      }
      operation(planes, count)
      hasher.update(
        [UInt8](unsafeUninitializedCapacity: 3 * count) { bytes, filled in
          for at in 0..<count {
            for channel in 0..<3 { bytes[3 * at + channel] = UInt8(planes[channel][at]) }
          }
          filled = 3 * count
        })
    }
    return hasher.finish().hex
  }

  @Test func hueIsPILsForEveryColour() {
    #expect(digest { ColourOperations.turnHue($0, count: $1, steps: 0) } == ViewOracles.hueBy0)
    #expect(digest { ColourOperations.turnHue($0, count: $1, steps: 37) } == ViewOracles.hueBy37)
    #expect(digest { ColourOperations.turnHue($0, count: $1, steps: 201) } == ViewOracles.hueBy201)
  }

  @Test func saturationAndGreyArePILsForEveryColour() {
    #expect(digest { ColourOperations.saturate($0, count: $1, by: 1.3125) } == ViewOracles.saturationBy1_3125)
    #expect(digest { ColourOperations.saturate($0, count: $1, by: 0.65625) } == ViewOracles.saturationBy0_65625)
    #expect(digest { ColourOperations.grey($0, count: $1) } == ViewOracles.grey)
  }
}
