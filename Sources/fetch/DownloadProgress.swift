import Foundation

/// How far a download is: on a terminal a bar, redrawn in place; elsewhere a line now and then.
struct DownloadProgress {
  private static let redrawEvery = 0.2
  private static let lineEvery = 30.0

  private let total: Int
  private let terminal: Bool
  private let started = Date()
  private var shown: Date
  private var first: Int?

  init(total: Int) {
    self.total = total
    terminal = isatty(STDERR_FILENO) == 1
    shown = terminal ? .distantPast : Date()
  }

  /// - Parameter done: bytes that are there.
  mutating func show(_ done: Int) {
    let before = first ?? done
    first = before
    guard Date().timeIntervalSince(shown) >= (terminal ? Self.redrawEvery : Self.lineEvery) else { return }
    shown = Date()
    put(done, before)
  }

  /// Draws the bar a last time and leaves it.
  func end(_ done: Int) {
    guard terminal else { return }
    put(done, first ?? done)
    FileHandle.standardError.write(Data("\n".utf8))
  }

  private func put(_ done: Int, _ before: Int) {
    let (seconds, new) = (Date().timeIntervalSince(started), done - before)
    var words = "\(Self.size(done)) of \(Self.size(total))"
    // What an earlier call had fetched says nothing of the speed of this one.
    if new > 0, seconds >= 1 {
      let speed = Double(new) / seconds
      words += ", \(Self.size(Int(speed)))/s"
      if done < total { words += ", \(Self.time(Double(total - done) / speed)) left" }
    }
    FileHandle.standardError.write(Data((terminal ? "\r\u{1B}[K  \(bar(done))  \(words)" : "  \(words)\n").utf8))
  }

  private func bar(_ done: Int) -> String {
    let (width, full) = (30, 30 * min(done, total) / max(total, 1))
    return "[" + String(repeating: "#", count: full) + String(repeating: ".", count: width - full) + "]"
  }

  /// `29 kB`, `25.2 MB`
  static func size(_ bytes: Int) -> String {
    bytes < 1_000_000 ? "\((bytes + 500) / 1000) kB" : String(format: "%.1f MB", Double(bytes) / 1e6)
  }

  private static func time(_ seconds: Double) -> String {
    let whole = Int(seconds.rounded(.up))
    return whole < 60 ? "\(whole) s" : whole < 3600 ? "\(whole / 60) min" : "\(whole / 3600) h \(whole / 60 % 60) min"
  }
}
