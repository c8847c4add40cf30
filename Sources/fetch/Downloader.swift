import Artifacts
import Datasets
import Foundation

/// Downloads official files by the program curl: a broken download is gone on with, and a file takes its place only when its size and
/// SHA-256 are the official ones.
struct Downloader {
  let folder: String
  /// Where the files are fetched from instead of their official places: the last part of the official address is put behind.
  let mirror: String?
  /// Seconds without a byte after which a server counts as gone.
  let patience: Int

  /// - Returns: whether anything was downloaded; a file that is there is used as it is.
  /// - Throws: `FetchError`, `FileError`.
  func fetch(_ download: Download) throws -> Bool {
    let place = "\(folder)/\(download.file)"
    if FileManager.default.fileExists(atPath: place) { return false }
    try FileManager.default.createDirectory(
      atPath: URL(fileURLWithPath: place).deletingLastPathComponent().path, withIntermediateDirectories: true)
    let part = "\(place).part"
    let url = mirror.map { $0 + (download.url.split(separator: "/").last.map(String.init) ?? "") } ?? download.url
    if let size = Self.size(part), size > download.bytes { try FileManager.default.removeItem(atPath: part) }
    if Self.size(part) != download.bytes { try transfer(url, to: part, for: place) }
    guard let size = Self.size(part) else { throw FileError.missing(path: part) }
    // Too short is no wrong file: the next call goes on with it.
    if size < download.bytes {
      throw FetchError.failed(
        url: url, file: place, reason: "it ended after \(size) of \(download.bytes) bytes", whatHelps: "run it again to go on")
    }
    do {
      if size > download.bytes { throw FetchError.size(file: place, expected: download.bytes, found: size) }
      let found = try ContentDigest.ofFile(part).hex
      if found != download.sha256 { throw FetchError.checksum(file: place, expected: download.sha256, found: found) }
    } catch let error as FetchError {
      try FileManager.default.removeItem(atPath: part)
      throw error
    }
    try AtomicFile.sync(part)
    guard rename(part, place) == 0 else { throw FileError.failed(operation: "put in place", path: place, errno: errno) }
    try AtomicFile.syncFolder(of: place)
    return true
  }

  private static func size(_ path: String) -> Int? {
    (try? FileManager.default.attributesOfItem(atPath: path))?[.size] as? Int
  }

  private func transfer(_ url: String, to part: String, for place: String) throws {
    let curl = Process()
    curl.executableURL = URL(fileURLWithPath: "/usr/bin/curl")
    curl.arguments = [
      "--fail", "--location", "--continue-at", "-", "--output", part, "--connect-timeout", String(patience), "--speed-limit", "1",
      "--speed-time", String(patience), isatty(STDERR_FILENO) == 1 ? "--progress-bar" : "--silent", "--show-error", url,
    ]
    let errors = Pipe()
    // On a terminal curl draws its bar there itself.
    if isatty(STDERR_FILENO) != 1 { curl.standardError = errors }
    do { try curl.run() } catch { throw FetchError.noCurl }
    let words = isatty(STDERR_FILENO) == 1 ? "" : String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    curl.waitUntilExit()
    let (reason, whatHelps): (String, String)
    switch curl.terminationStatus {
    case 0: return
    case 6:
      (reason, whatHelps) = ("the name of the server is not found: there seems to be no network", "connect to the network and run it again")
    case 7: (reason, whatHelps) = ("the server does not answer", "try again later, or --mirror")
    case 18, 56: (reason, whatHelps) = ("the connection broke; what came is kept", "run it again to go on")
    case 22: (reason, whatHelps) = ("the server does not have it (\(Self.status(words)))", "look for a mirror and name it by --mirror")
    case 23: (reason, whatHelps) = ("cannot write \(part): is the disk full?", "free some space and run it again to go on")
    case 28: (reason, whatHelps) = ("the server sent nothing for \(patience) s; what came is kept", "run it again to go on")
    case 33:
      // The server cannot go on in the middle: from the beginning then.
      try FileManager.default.removeItem(atPath: part)
      return try transfer(url, to: part, for: place)
    default:
      (reason, whatHelps) = ("curl ended with \(curl.terminationStatus) \(words.trimmingCharacters(in: .newlines))", "see `man curl`")
    }
    throw FetchError.failed(url: url, file: place, reason: reason, whatHelps: whatHelps)
  }

  /// "404" of "curl: (22) The requested URL returned error: 404".
  private static func status(_ words: String) -> String {
    words.split(whereSeparator: \.isWhitespace).last.map { "HTTP \($0)" } ?? "an HTTP error"
  }
}
