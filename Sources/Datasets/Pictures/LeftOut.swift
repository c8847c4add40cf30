/// A file of a folder of pictures that does not become an image, and why.
struct LeftOut: Sendable, Equatable {
  enum Reason: Hashable, Sendable {
    case format(PictureFormat)
    case noPicture, hidden, withoutClass, nested, special, brokenLink, emptyFolder
    case undecodable, unsupported, beyondLimit

    /// What stands in `labels.h5`, the same for all files of a kind.
    var text: String {
      switch self {
      case .format(let format): "\(format.name) is not read"
      case .noPicture: "no picture"
      case .hidden: "hidden: the name begins with a dot"
      case .withoutClass: "beside the folders of classes, so without a class"
      case .nested: "in a folder within the folder of a class"
      case .special: "neither a file nor a folder"
      case .brokenLink: "a link that leads nowhere"
      case .emptyFolder: "a folder without pictures is no class"
      case .undecodable: "cannot be decoded: damaged, cut short or no picture"
      case .unsupported: "of a kind that is not decoded"
      case .beyondLimit: "beyond a limit of size or shape"
      }
    }
  }

  /// In the folder of pictures, as `BytePath` renders it; folders end with a slash.
  let name: String
  let reason: Reason
  /// What the decoder said.
  var detail = ""

  /// One warning for each reason, with how many files, the first of them, and where there is one the command that helps.
  /// - Parameter folder: the folder of pictures.
  static func warnings(_ all: [LeftOut], folder: String) -> [String] {
    var reasons: [Reason] = []
    for one in all where !reasons.contains(one.reason) { reasons.append(one.reason) }
    return reasons.map { reason in
      let files = all.filter { $0.reason == reason }
      let count = files.count == 1 ? "1 file" : "\(files.count) files"
      let names = list(files.map { $0.detail.isEmpty ? $0.name : "\($0.name) (\($0.detail))" })
      return "\(count) left out of \(folder), \(reason.text): \(names)" + help(reason, files.map(\.name), folder: folder)
    }
  }

  /// The first five of some names, and how many more there are.
  static func list(_ names: [String]) -> String {
    names.prefix(5).joined(separator: ", ") + (names.count > 5 ? " and \(names.count - 5) more" : "")
  }

  private static func help(_ reason: Reason, _ names: [String], folder: String) -> String {
    switch reason {
    case .format(let format):
      let (command, package) = format.conversion
      return "; to make PNGs of them (Debian: \(package)): " + loop(over: names, of: format, command, in: folder)
    case .unsupported:
      return "; to make PNGs of them (Debian: imagemagick): convert FILE FILE.png"
    case .beyondLimit:
      return "; to make them smaller, or to cut something out of them (Debian: imagemagick): convert FILE -resize '4096x4096>' FILE.png, "
        + "convert FILE -crop WIDTHxHEIGHT+LEFT+TOP FILE.png"
    default: return ""
    }
  }

  /// A shell loop over the files: by patterns where their names end as those of their format do, one by one otherwise.
  private static func loop(over names: [String], of format: PictureFormat, _ command: String, in folder: String) -> String {
    var words: [String] = []
    for name in names {
      let isPattern = PictureFormat.of(name: Array(name.utf8)) == format
      let ending = name.split(separator: ".").last.map(String.init) ?? ""
      let depth = name.split(separator: "/").count - 1
      let word = isPattern ? String(repeating: "*/", count: depth) + "*." + ending : quoted(name)
      if !words.contains(word) { words.append(word) }
    }
    return "cd \(quoted(folder)) && for f in \(words.prefix(5).joined(separator: " ")); do \(command); done"
  }

  private static func quoted(_ text: String) -> String {
    let isPlain = text.utf8.allSatisfy {
      (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0) || "+-./_".utf8.contains($0)
    }
    return isPlain ? text : "'" + text.replacing("'", with: "'\\''") + "'"
  }
}
