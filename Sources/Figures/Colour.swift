/// A colour in sRGB, each part 0…255.
public struct Colour: Hashable, Sendable {
  public let red, green, blue: UInt8

  /// - Parameter hex: `0xRRGGBB`.
  public init(_ hex: UInt32) {
    red = UInt8(truncatingIfNeeded: hex >> 16)
    green = UInt8(truncatingIfNeeded: hex >> 8)
    blue = UInt8(truncatingIfNeeded: hex)
  }

  static let paper = Colour(0xffffff)
  static let ink = Colour(0x222222)
  static let faintInk = Colour(0x6b6b6b)
  static let rule = Colour(0xc8c8c8)
  static let faintRule = Colour(0xe6e6e6)
  static let success = Colour(0x2b8a3e)
  static let failure = Colour(0xc92a2a)
}

/// How a class is marked in a scatter plot.
public struct Mark: Hashable, Sendable {
  public enum Shape: Hashable, Sendable { case disc, triangle, square }
  public let colour: Colour
  public let shape: Shape
}

/// Marks that tell classes apart, also for people with a colour-vision deficiency.
public enum Palette {
  /// Ten colours chosen for distance under normal and deficient colour vision and for looks:
  /// Petroff, "Accessible color sequences for data visualization", arXiv:2107.02270, the ten-colour sequence.
  public static let colours = [
    Colour(0x3f90da), Colour(0xffa90e), Colour(0xbd1f01), Colour(0x94a4a2), Colour(0x832db6),
    Colour(0xa96b59), Colour(0xe76300), Colour(0xb9ac70), Colour(0x717581), Colour(0x92dadd),
  ]

  /// For points without a label.
  public static let unlabelled = Mark(colour: Colour(0x3d464d), shape: .disc)

  /// So many classes have marks of their own, by colour and shape.
  public static let distinctClasses = colours.count * shapes.count

  /// The colour of a class among so many that marks cannot tell all apart: along a circle of hues in the order of class numbers, so that
  /// classes far apart in number are told apart, and neighbours are alike.
  /// - Parameter place: 0..<count.
  public static func wheel(_ place: Int, of count: Int) -> Mark {
    precondition(0..<count ~= place, "class \(place) is not in 0..<\(count)")
    let position = Double(place) / Double(count) * Double(hues.count)
    let (before, share) = (Int(position), position - position.rounded(.down))
    let (one, next) = (hues[before], hues[(before + 1) % hues.count])
    func mixed(_ part: (Colour) -> UInt8) -> UInt32 { UInt32((Double(part(one)) * (1 - share) + Double(part(next)) * share).rounded()) }
    return Mark(colour: Colour(mixed(\.red) << 16 | mixed(\.green) << 8 | mixed(\.blue)), shape: .disc)
  }

  /// Twelve hues around the circle, light and dark by turns.
  private static let hues = [
    Colour(0xd62728), Colour(0xff9a3c), Colour(0xb38600), Colour(0xc5d92d), Colour(0x3f8f29), Colour(0x4fd69c), Colour(0x007f7f),
    Colour(0x5cc8f2), Colour(0x1f5fd0), Colour(0xa99bf5), Colour(0x7a2fb0), Colour(0xf07cc0),
  ]

  private static let shapes: [Mark.Shape] = [.disc, .triangle, .square]

  /// The mark of a class; after ten, colours repeat with another shape. For more classes there is `wheel`.
  /// - Parameter place: 0..<`distinctClasses`.
  public static func mark(_ place: Int) -> Mark {
    precondition(0..<distinctClasses ~= place, "mark \(place) is not in 0..<\(distinctClasses)")
    return Mark(colour: colours[place % colours.count], shape: shapes[place / colours.count])
  }
}
