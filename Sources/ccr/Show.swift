import ArgumentParser
import Artifacts
import Workflow

/// `ccr show`
struct Show: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Shows every setting of an instance in its final value, and the lines of the pipeline file it comes from.")
  @OptionGroup var options: StudyOptions
  @Argument(help: "What to show.")
  var selectors: [String]
  @Flag(help: "Print JSON.")
  var json = false

  func run() throws {
    let study = try options.study()
    let selected = try study.select(selectors)
    if json {
      let list = selected.map { number -> JSONValue in
        ["instance": .string(study.plan.instances[number].name), "settings": .array(study.origins(number).map(\.json))]
      }
      print(JSONValue.array(list).pretty)
      return
    }
    for number in selected {
      print("\(study.plan.instances[number].name)  (profile \(study.plan.profile), lines of \(study.pipeline.path))")
      for origin in study.origins(number) { print("  \(origin.text)") }
    }
  }
}
