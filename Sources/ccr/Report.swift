import ArgumentParser
import Artifacts
import Report
import Workflow

/// `ccr report`
struct ReportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report", abstract: "Writes what was computed, and how, as one HTML file that any browser opens without a network.",
    discussion: """
      Without --to it becomes report.html beside the tables, with provenance.json and MANIFEST.sha256 of the same moment. What is missing is
      named in it; ends with 3 where anything is.
      """)
  @OptionGroup var options: StudyOptions
  @Option(name: .customLong("to"), help: ArgumentHelp("The file to write.", valueName: "file.html"))
  var target: String?

  func run() throws {
    let study = try options.study()
    let record = try study.record()
    let html = try Report(of: study, record).html()
    if let target {
      try AtomicFile.write(html, to: target)
      print(target)
    } else {
      print(try study.publish(report: html, of: record))
    }
    if !record.missing.isEmpty {
      Console.say("\(record.missing.count) of \(record.entries.count) results are missing; the report names them")
      throw ExitCode(3)
    }
  }
}
