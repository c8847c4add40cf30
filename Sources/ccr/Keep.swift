import ArgumentParser
import Workflow

/// `ccr gc`
struct GarbageCollection: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "gc", abstract: "Removes outputs that nothing reaches; says what it would remove unless told to do it.",
    discussion: """
      What a profile of the pipeline file plans, what results/ shows and what a tag names stays, and so does what a run at work uses: results of
      settings that were tried and left go. Records, digests and logs stay: what is made again is held against them. Failed attempts, lock files
      that nobody holds and damaged outputs that were set aside go too; checkpoints go only with --older-than.
      """)
  @OptionGroup var options: StudyOptions
  @Flag(help: "Remove, instead of only saying what would be removed.")
  var delete = false
  @Option(
    help: ArgumentHelp(
      "Remove only until outputs take no more than this, such as 20GB; first what frees most for the least work.", valueName: "size"),
    transform: { text in
      guard let bytes = Size.bytes(text) else { throw ValidationError("\(text) is no size: write 500MB or 20GB") }
      return bytes
    })
  var maxSize: Int?
  @Option(
    help: ArgumentHelp("Remove only what is at least so old, such as 30d or 12h.", valueName: "age"),
    transform: { text in
      let units: [Character: Double] = ["m": 60, "h": 3600, "d": 86_400, "w": 604_800]
      guard let unit = text.last.flatMap({ units[$0] }), let number = Double(text.dropLast()), number >= 0 else {
        throw ValidationError("\(text) is no age: write 90m, 12h, 30d or 8w")
      }
      return number * unit
    })
  var olderThan: Double?
  @Flag(help: "Name every result.")
  var verbose = false

  func run() throws {
    let cleanup = try options.study().cleanUp(CleanupOptions(maxSize: maxSize, olderThan: olderThan, delete: delete))
    let display = ProgressDisplay(quiet: false)
    for notice in cleanup.notices { display.show(.notice(notice)) }
    for kind in Cleanup.Kind.allCases {
      let items = cleanup.items.filter { $0.kind == kind }
      if items.isEmpty { continue }
      print("\(items.count) \(kind.rawValue), \(Size.text(items.reduce(0) { $0 + $1.bytes }))")
      let shown = items.sorted { $0.bytes > $1.bytes }.prefix(verbose ? items.count : kind == .results ? 5 : 0)
      for item in shown { print("  \(Size.text(item.bytes))  \(item.name)") }
      if kind == .results, items.count > shown.count { print("  and \(items.count - shown.count) more (--verbose names them)") }
    }
    print("\(Size.text(cleanup.freedBytes)) \(delete ? "were removed" : "would be removed: --delete does it")")
    print("\(cleanup.keptResults) results stay, \(Size.text(cleanup.keptBytes))")
    if cleanup.shownOnly > 0 {
      print(
        "\(cleanup.shownOnly) of them no profile plans as it is now, but a folder of \(options.results ?? "results") shows them:"
          + " remove that folder to let them go")
    }
  }
}

/// `ccr tag`
struct TagCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tag", abstract: "Gives the present results a name, under which ccr gc keeps them; lists names without one.")
  @OptionGroup var options: StudyOptions
  @Argument(help: "The name; one that there is is given to the present results.")
  var name: String?
  @Argument(help: "What it names, with all it needs; everything without selectors.")
  var selectors: [String] = []
  @Flag(help: "Take the name away; results stay until ccr gc.")
  var remove = false

  func validate() throws {
    if remove, name == nil || !selectors.isEmpty { throw ValidationError("--remove takes one name") }
  }

  func run() throws {
    let study = try options.study()
    guard let name else {
      for tag in try study.tags() { print("\(tag.name)  \(tag.count) results of profile \(tag.profile), \(tag.time)") }
      return
    }
    if remove { return try study.removeTag(name) }
    print("\(name) names \(try study.tag(name, study.select(selectors))) results")
  }
}
