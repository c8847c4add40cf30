import Artifacts

/// What a stage may use before it is ended: `"timeout"` and `"memory"` in pipeline.json. No key depends on them.
struct StageLimits: Sendable {
  /// Seconds of one execution, and how pipeline.json spells them; nil for as long as it takes.
  let timeout: (seconds: Double, spelling: String)?
  /// Bytes of all its processes together, likewise; nil for what the machine has.
  let memory: (bytes: Int, spelling: String)?

  /// The members of a stage that say them.
  static let members = ["timeout", "memory"]

  /// What a member must look like, for messages.
  static func form(_ member: String) -> String {
    member == "timeout" ? "a time such as \"90s\", \"15min\", \"2h\" or \"1.5d\"" : "an amount such as \"500MB\" or \"4GiB\""
  }

  /// - Throws: `PipelineError` where a text is no time, or no amount of memory, with its `$names` put in.
  init(_ stage: Pipeline.Stage, _ scope: SettingScope) throws(PipelineError) {
    func value<Value>(_ member: String, _ read: (String) -> Value?) throws(PipelineError) -> (Value, String)? {
      guard let text = stage.limits.first(where: { $0.name == member })?.value.string else { return nil }
      let spelling = try scope.text(text, at: "\(stage.pointer)/\(member)")
      guard let value = read(spelling) else {
        throw scope.document.error(
          .wrongType(what: "\"\(member)\" of stage \(stage.name)", expected: Self.form(member), found: "\"\(spelling)\""),
          at: "\(stage.pointer)/\(member)")
      }
      return (value, spelling)
    }
    timeout = try value("timeout", Self.seconds)
    memory = try value("memory", Self.bytes)
  }

  private static let seconds: [(String, Double)] = [("s", 1), ("min", 60), ("h", 3600), ("d", 86_400)]
  private static let bytes: [(String, Double)] = [
    ("MB", 1e6), ("GB", 1e9), ("TB", 1e12), ("MiB", 1_048_576), ("GiB", 1_073_741_824), ("TiB", 1_099_511_627_776),
  ]

  /// - Returns: nil where the text is no time above 0.
  static func seconds(_ text: String) -> Double? { quantity(text, seconds) }

  /// - Returns: nil where the text is no amount of memory of at least a byte.
  static func bytes(_ text: String) -> Int? { quantity(text, bytes).flatMap { Int(exactly: $0.rounded()) }.flatMap { $0 > 0 ? $0 : nil } }

  private static func quantity(_ text: String, _ units: [(String, Double)]) -> Double? {
    let digits = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
    let unit = text.dropFirst(digits.count).drop { $0 == " " }
    guard let factor = units.first(where: { $0.0 == unit })?.1, digits.last?.isNumber == true, let number = Double(digits) else {
      return nil
    }
    let value = number * factor
    return value > 0 && value < 1e18 ? value : nil
  }
}

/// A limit that a stage at work went beyond.
struct Overstep {
  let limit: String
  /// When it is killed where it has not ended.
  let killTime: ContinuousClock.Instant

  /// What the person is told.
  func words(isSaved: Bool) -> String {
    "\(limit), so it was ended" + (isSaved ? "; its checkpoint is saved, and the next run goes on from there" : "")
      + "; raise that limit if it was too low, and see the log if not"
  }
}
