import ArgumentParser
import Artifacts
import Datasets
import Foundation

/// `ccr fetch`
struct Fetch: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ccr fetch", abstract: "Downloads the official files of data sets; what is there already is used as it is.",
    discussion: "Data sets: \(Catalogue.names.joined(separator: ", ")). A broken download is gone on with; size and SHA-256 are checked.")
  @Argument(help: "What to download; all data sets where none is named.") var datasets: [String] = []
  @Option(help: ArgumentHelp("The folder they go to.", valueName: "folder")) var to = "data"
  @Option(help: ArgumentHelp("Fetch FILE from url + FILE instead of its official place.", valueName: "url")) var mirror: String?
  @Option(help: ArgumentHelp("Seconds without a byte after which to give up.", valueName: "seconds")) var patience = 60

  func run() throws {
    let downloader = Downloader(folder: to, mirror: mirror, patience: patience)
    for original in try (datasets.isEmpty ? Catalogue.names : datasets).map(Catalogue.original) {
      for download in original.downloads {
        say("\(original.title): \(download.url), \(download.bytes >> 20) MiB")
        say(try downloader.fetch(download) ? "  verified, in \(to)/\(download.file)" : "  \(to)/\(download.file) is there already")
      }
    }
  }

  private func say(_ text: String) { FileHandle.standardError.write(Data((text + "\n").utf8)) }
}

do {
  var command = try Fetch.parseAsRoot()
  try command.run()
} catch let error as any ExplainedError {
  FileHandle.standardError.write(Data("error: \(error.problem)\nremedy: \(error.remedy)\n".utf8))
  exit(error.kind == .inputOutput ? 7 : 2)
} catch {
  Fetch.exit(withError: error)
}
