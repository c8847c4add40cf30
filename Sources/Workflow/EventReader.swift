import Artifacts
import Glibc

/// Reads the events of a stage: lines of JSON in a pipe. It takes a bounded amount at a time, so that a stage that writes without end
/// neither fills the memory nor keeps the runner from anything else.
struct EventReader {
  private static let bytesAtOnce = 1 << 16
  private static let longestLine = 1 << 16
  private static let mostBlocks = 16

  private let pipe: Int32
  private var unread: [UInt8] = []
  private var block = [UInt8](repeating: 0, count: bytesAtOnce)
  /// Whether the rest of a line that is too long is being passed over.
  private var isSkipping = false
  /// Whether all that could write into it is gone.
  private(set) var isAtEnd = false

  /// - Parameter pipe: its read end, which is made non-blocking.
  init(_ pipe: Int32) {
    self.pipe = pipe
    _ = fcntl(pipe, F_SETFL, O_NONBLOCK)
  }

  /// The events that arrived since the last call, as far as they are taken at once. What is no event is passed over, with a warning where
  /// it is a line too long for one.
  /// - Parameter isLast: whether the process has ended: then all that is left, with a last line that nothing ends.
  mutating func newEvents(isLast: Bool = false) -> [JSONValue] {
    var events: [JSONValue] = []
    // A pipe holds no more than this unless somebody enlarged it, or still writes.
    for _ in 0..<(isLast ? Self.mostBlocks : 1) {
      let count = read(pipe, &block, block.count)
      if count == 0 { isAtEnd = true }
      guard count > 0 else { break }
      events += take(block[..<count])
    }
    if isLast, !isSkipping, !unread.isEmpty {
      if let event = try? JSONValue.parse(unread, file: "event") { events.append(event) }
      unread = []
    }
    return events
  }

  private mutating func take(_ bytes: ArraySlice<UInt8>) -> [JSONValue] {
    var rest = bytes
    var events: [JSONValue] = []
    while let end = rest.firstIndex(of: 10) {
      if !isSkipping {
        unread += rest[..<end]
        if let event = try? JSONValue.parse(unread, file: "event") { events.append(event) }
      }
      isSkipping = false
      unread = []
      rest = rest[(end + 1)...]
    }
    if !isSkipping {
      unread += rest
      if unread.count > Self.longestLine {
        (unread, isSkipping) = ([], true)
        events.append([
          "event": "warning", "message": .string("it wrote an event of more than \(Self.longestLine) bytes, which is passed over"),
        ])
      }
    }
    return events
  }
}
