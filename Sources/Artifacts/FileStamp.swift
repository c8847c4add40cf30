import Glibc

/// What tells that a file was not touched since it was read: writing changes at least the change time, which nobody can set.
package struct FileStamp: Hashable, Sendable {
  private let device, inode, size: Int
  private let modified, changed: Moment

  /// A time of the kernel, of any year.
  private struct Moment: Hashable {
    let seconds, nanoseconds: Int

    init(_ time: timespec) { (seconds, nanoseconds) = (Int(time.tv_sec), Int(time.tv_nsec)) }

    init(_ seconds: Int, _ nanoseconds: Int) { (self.seconds, self.nanoseconds) = (seconds, nanoseconds) }
  }

  /// - Returns: nil where there is no such file.
  package init?(_ path: String) {
    var info = stat()
    guard stat(path, &info) == 0 else { return nil }
    self.init(info)
  }

  /// - Parameter path: where it is a link, the link itself is meant.
  package init?(link path: String) {
    var info = stat()
    guard lstat(path, &info) == 0 else { return nil }
    self.init(info)
  }

  /// - Returns: nil where the descriptor is not open.
  package init?(descriptor: Int32) {
    var info = stat()
    guard fstat(descriptor, &info) == 0 else { return nil }
    self.init(info)
  }

  private init(_ info: stat) {
    device = Int(truncatingIfNeeded: info.st_dev)
    inode = Int(truncatingIfNeeded: info.st_ino)
    size = Int(info.st_size)
    modified = Moment(info.st_mtim)
    changed = Moment(info.st_ctim)
  }

  private var numbers: [Int] {
    [device, inode, size, modified.seconds, modified.nanoseconds, changed.seconds, changed.nanoseconds]
  }

  private static let fields = 7

  /// Reads what `text` of a stamp was from the start of a line.
  /// - Returns: the stamp and what follows the space behind it; nil where it is none.
  package static func read(_ line: ArraySlice<UInt8>) -> (FileStamp, rest: ArraySlice<UInt8>)? {
    var numbers: [Int] = []
    var rest = line
    while numbers.count < fields {
      guard let space = rest.firstIndex(of: 32), let number = Int(String(decoding: rest[..<space], as: UTF8.self)) else { return nil }
      numbers.append(number)
      rest = rest[(space + 1)...]
    }
    return (FileStamp(numbers), rest)
  }

  private init(_ numbers: [Int]) {
    (device, inode, size) = (numbers[0], numbers[1], numbers[2])
    (modified, changed) = (Moment(numbers[3], numbers[4]), Moment(numbers[5], numbers[6]))
  }

  /// Numbers with spaces between them.
  package var text: String { numbers.map(String.init).joined(separator: " ") }

  package var bytes: Int { size }

  /// Whether both are of one file, whatever was done to it meanwhile.
  package func isSameFile(as other: FileStamp) -> Bool { device == other.device && inode == other.inode }

  /// Whether both are of one file of one size and time of writing, though it may have been renamed, linked or given other rights meanwhile.
  package func isSameWriting(as other: FileStamp) -> Bool {
    isSameFile(as: other) && size == other.size && modified == other.modified
  }

  /// Whether another write could still carry the same change time: file systems count time in steps, the coarsest in 2 s. A time to come,
  /// as after the clock was set back, is young too.
  package var isYoung: Bool {
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    return Int(now.tv_sec) - changed.seconds <= 2
  }
}
