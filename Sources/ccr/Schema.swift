import ArgumentParser
import Workflow

/// `ccr schema`
struct Schema: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Prints the JSON Schema of the pipeline file, made from what the programs say of themselves, for editors.",
    discussion: "`make schema` writes it to pipeline.schema.json, which the pipeline file names.")
  @OptionGroup var options: StudyOptions

  func run() throws { print(try options.study().schema().pretty) }
}
