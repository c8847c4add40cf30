import ArgumentParser
import Artifacts
import Datasets
import Foundation

/// `ccr fetch`
struct Fetch: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ccr fetch", abstract: "Downloads the official files of data sets; what is there already is used as it is.",
    discussion: """
      Data sets: \(Catalogue.names.joined(separator: ", ")). A broken download is gone on with when the command is given again; a file takes \
      its place only when its size and SHA-256 are the official ones.
      Exit codes: 0 all there · 2 bad usage, or the server gives another file · 7 no network, no such file, disk full.
      """)
  @Argument(help: "What to download; all data sets where none is named.") var datasets: [String] = []
  @Option(help: ArgumentHelp("The folder they go to; default: what CCR_DATA names, else data.", valueName: "folder")) var to: String?
  @Option(help: ArgumentHelp("Fetch FILE from url + FILE instead of its official place.", valueName: "url")) var mirror: String?
  @Option(help: ArgumentHelp("Seconds without a byte after which to give up.", valueName: "seconds")) var patience = 60

  func validate() throws {
    if patience < 1 { throw ValidationError("--patience must be at least 1, not \(patience)") }
  }

  /// Where `ingest` looks.
  private var folder: String { to ?? ProcessInfo.processInfo.environment["CCR_DATA"] ?? "data" }

  func run() throws {
    let downloader = Downloader(folder: folder, mirror: mirror, patience: patience)
    for original in try (datasets.isEmpty ? Catalogue.names : datasets).map(Catalogue.original) {
      if let there = present(original) {
        say("\(original.title): \(there)")
        continue
      }
      for download in original.downloads {
        if exists(downloader.place(download)) { continue }
        say("\(original.title): \(downloader.url(download)), \(DownloadProgress.size(download.bytes))")
        try downloader.fetch(download)
        say("  verified, in \(downloader.place(download))")
      }
    }
  }

  /// What is said of a data set that is in the folder already, in any form that `ingest` takes.
  private func present(_ original: any Original) -> String? {
    guard let files = try? original.files(data: folder), !files.isEmpty,
      files.allSatisfy({ $0.path.hasPrefix("\(folder)/") && exists($0.path) })
    else { return nil }
    let wrong = files.first { file in
      let name = file.path.split(separator: "/").last
      guard let official = original.downloads.first(where: { $0.file.split(separator: "/").last == name }) else { return false }
      return (try? FileManager.default.attributesOfItem(atPath: file.path))?[.size] as? Int != official.bytes
    }
    let place = files.count == 1 ? files[0].path : "\(files[0].path) and \(files.count - 1) more"
    guard let wrong else { return "\(place): there already, used as it is" }
    return "\(place): there already, used as it is; \(wrong.path) has not the official size: ingest refuses it, unless its "
      + "content is the official one, or \"verify\" is false for this data set in pipeline.json"
  }

  private func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }

  private func say(_ text: String) { FileHandle.standardError.write(Data((text + "\n").utf8)) }
}

do {
  var command = try Fetch.parseAsRoot()
  try command.run()
} catch let error as any ExplainedError {
  FileHandle.standardError.write(Data("error: \(error.problem)\nremedy: \(error.remedy)\n".utf8))
  exit(error.kind == .inputOutput ? 7 : 2)
} catch {
  if Fetch.exitCode(for: error) == .success { Fetch.exit(withError: error) }
  FileHandle.standardError.write(Data((Fetch.fullMessage(for: error) + "\n").utf8))
  exit(2)
}
