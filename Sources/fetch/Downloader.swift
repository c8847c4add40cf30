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

  func url(_ download: Download) -> String {
    mirror.map { $0 + (download.url.split(separator: "/").last.map(String.init) ?? "") } ?? download.url
  }

  func place(_ download: Download) -> String { "\(folder)/\(download.file)" }

  /// - Throws: `FetchError`, `FileError`.
  func fetch(_ download: Download) throws {
    let place = place(download)
    let part = "\(place).part"
    let parent = URL(fileURLWithPath: place).deletingLastPathComponent().path
    do { try FileManager.default.createDirectory(atPath: parent, withIntermediateDirectories: true) } catch {
      throw FileError.failed(operation: "make folder", path: parent, errno: errno)
    }
    let file = open(part, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
    guard file >= 0 else { throw FileError.failed(operation: "write", path: part, errno: errno) }
    defer { close(file) }
    guard flock(file, LOCK_EX | LOCK_NB) == 0 else { throw FetchError.busy(file: place) }
    if Self.size(file) > download.bytes { ftruncate(file, 0) }
    if Self.size(file) < download.bytes { try transfer(url(download), to: part, file, for: place, bytes: download.bytes) }
    do {
      let size = Self.size(file)
      if size != download.bytes { throw FetchError.size(file: place, expected: download.bytes, found: size) }
      let found = try ContentDigest.ofFile(part).hex
      if found != download.sha256 { throw FetchError.checksum(file: place, expected: download.sha256, found: found) }
    } catch let error as FetchError {
      unlink(part)
      throw error
    }
    try AtomicFile.sync(part)
    guard rename(part, place) == 0 else { throw FileError.failed(operation: "put in place", path: place, errno: errno) }
    try AtomicFile.syncFolder(of: place)
  }

  private static func size(_ file: Int32) -> Int {
    var facts = stat()
    return fstat(file, &facts) == 0 ? Int(facts.st_size) : 0
  }

  /// - Parameter file: `part`, open and locked.
  private func transfer(_ url: String, to part: String, _ file: Int32, for place: String, bytes: Int) throws {
    var progress = DownloadProgress(total: bytes)
    let start = Self.size(file)
    let curl = try Curl(
      [
        "--fail", "--location", "--continue-at", "-", "--output", part, "--connect-timeout", String(patience), "--speed-limit", "1",
        "--speed-time", String(patience), "--silent", "--show-error", "--write-out", "%{http_code}", url,
      ], lock: file
    ) { progress.show(Self.size(file)) }
    let size = Self.size(file)
    if size > start { progress.end(size) }
    // The server cannot go on in the middle, or has nothing behind it: from the beginning then.
    if start > 0, curl.code == 33 || curl.httpStatus == 416 {
      ftruncate(file, 0)
      return try transfer(url, to: part, file, for: place, bytes: bytes)
    }
    if curl.code == 0 { return }
    if size == 0 { unlink(part) }
    let kept = size > 0 ? "; \(DownloadProgress.size(size)) are kept" : ""
    let goOn = size > 0 ? "run it again to go on" : "run it again later"
    let (reason, whatHelps): (String, String) =
      switch curl.code {
      case 5, 6: ("the name of the server is not found: there seems to be no network", "connect to the network and run it again")
      case 7: ("the server does not answer", "run it again later, or name a mirror by --mirror")
      case 18, 52, 55, 56, 92: ("the connection broke\(kept)", goOn)
      case 22 where curl.httpStatus >= 500: ("the server fails (HTTP \(curl.httpStatus))\(kept)", "run it again later")
      case 22: ("the server does not give it (HTTP \(curl.httpStatus))", "look for a mirror and name it by --mirror")
      case 23: ("cannot write \(part): is the disk full?", "free some space and \(goOn)")
      case 28: ("the server sent nothing for \(patience) s\(kept)", goOn)
      default: ("\(curl.words.isEmpty ? "curl" : curl.words) (exit code \(curl.code))\(kept)", "`man curl` explains the code")
      }
    throw FetchError.failed(url: url, file: place, reason: reason, whatHelps: whatHelps)
  }
}
