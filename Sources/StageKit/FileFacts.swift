import Artifacts

/// What is known of a file before it is made; nil where it is not known.
public struct FileFacts: Sendable, Hashable {
  /// Rows: images, their labels, their features.
  public var images: Int?
  /// How many of them, the first ones, are clustered.
  public var clustered: Int?
  public var channels: Int?
  /// Height and width of views, pixels.
  public var size: Int?
  /// Augmented copies of each image.
  public var copies: Int?
  /// Ascending.
  public var epochs: [Int]?
  /// Outputs of each head; none for methods without probabilities.
  public var heads: [Int]?
  /// Settings, in one spelling, that whoever reads the file must share with whoever made it.
  public var settings: String?

  public init(
    images: Int? = nil, clustered: Int? = nil, channels: Int? = nil, size: Int? = nil, copies: Int? = nil, epochs: [Int]? = nil,
    heads: [Int]? = nil, settings: String? = nil
  ) {
    (self.images, self.clustered, self.channels, self.size) = (images, clustered, channels, size)
    (self.copies, self.epochs, self.heads, self.settings) = (copies, epochs, heads, settings)
  }

  init(_ json: JSONValue?) {
    (images, clustered, channels) = (json?["images"]?.integer, json?["clustered"]?.integer, json?["channels"]?.integer)
    (size, copies, settings) = (json?["size"]?.integer, json?["copies"]?.integer, json?["settings"]?.string)
    (epochs, heads) = (json?["epochs"]?.array?.compactMap(\.integer), json?["heads"]?.array?.compactMap(\.integer))
  }

  /// What is known, and nothing of the rest.
  var json: JSONValue {
    let numbers = [("images", images), ("clustered", clustered), ("channels", channels), ("size", size), ("copies", copies)]
    var members = numbers.compactMap { name, value in value.map { JSONValue.Member(name, .integer($0)) } }
    for (name, values) in [("epochs", epochs), ("heads", heads)] {
      if let values { members.append(.init(name, .array(values.map(JSONValue.integer)))) }
    }
    if let settings { members.append(.init("settings", .string(settings))) }
    return .object(members)
  }
}
