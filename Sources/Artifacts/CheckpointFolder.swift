import Glibc

/// The checkpoints of one piece of work: a folder that outlives a killed program.
///
/// Every file carries the digest of its content and says what work it belongs to. Files appear whole or not at all, and the newest two are
/// kept, so that a file damaged later costs one checkpoint and not all the work.
public struct CheckpointFolder: Sendable {
  /// The first line of a checkpoint; the number is raised when the layout changes.
  static let firstLine = "contrastive-clustering checkpoint 2\n"
  static let kept = 2

  public let path: String
  /// What the checkpoints belong to: settings and inputs of the work, and what computes it.
  public let identity: ContentDigest

  public init(_ path: String, identity: ContentDigest) {
    self.path = path
    self.identity = identity
  }

  /// Writes the newest checkpoint and removes all but the newest two.
  /// - Parameter place: where the work goes on from it, in one line for people: "epoch 3".
  /// - Throws: `FileError`.
  public func save(_ content: [UInt8], place: String = "") throws {
    if mkdir(path, 0o755) != 0, errno != EEXIST { throw FileError.failed(operation: "make folder", path: path, errno: errno) }
    let number = (numbers().last ?? 0) + 1
    let body = Array("\(place)\n".utf8) + content
    try AtomicFile.write(Array(header(of: body).utf8) + body, to: file(number))
    for old in numbers().dropLast(Self.kept) { unlink(file(old)) }
  }

  /// The newest checkpoint that is whole and belongs to this work.
  /// - Parameters:
  ///   - decode: gives nil where it cannot use the content.
  ///   - warn: told of every newer checkpoint that was no good.
  public func newest<State>(decode: ([UInt8]) -> State?, warn: (String) -> Void) -> State? {
    for number in numbers().reversed() {
      switch content(of: file(number)) {
      case .success(let content):
        if let state = decode(content) { return state }
        warn("\(file(number)) was written by another version of this program; it is not used")
      case .failure(let fault): warn("\(file(number)) \(fault.words); it is not used")
      }
    }
    return nil
  }

  /// Why a file is not used.
  private struct Fault: Error { let words: String }

  private func content(of file: String) -> Result<[UInt8], Fault> {
    guard let bytes = try? AtomicFile.read(file) else { return .failure(Fault(words: "cannot be read")) }
    // The header has one length whatever it says.
    let length = header(of: []).utf8.count
    guard bytes.count >= length else { return .failure(Fault(words: "is cut short")) }
    let body = Array(bytes[length...])
    let lines = String(decoding: bytes[..<length], as: UTF8.self)
    guard lines.hasPrefix(Self.firstLine) else { return .failure(Fault(words: "is no checkpoint of this version")) }
    guard lines.dropFirst(Self.firstLine.count).hasPrefix(identity.hex + "\n") else {
      return .failure(Fault(words: "belongs to other settings, inputs, programs or CPUs"))
    }
    guard lines == header(of: body), let end = body.firstIndex(of: 10) else {
      return .failure(Fault(words: "is damaged: its content has another SHA-256 than it says"))
    }
    return .success(Array(body[(end + 1)...]))
  }

  /// Where the work of a folder would go on, by the first lines of its newest checkpoint; nil where it would begin anew, or does not say.
  public static func place(in path: String) -> String? {
    let folder = CheckpointFolder(path, identity: ContentDigest.of([]))
    guard let newest = folder.numbers().last, let file = try? RegularFile.open(folder.file(newest)) else { return nil }
    defer { close(file) }
    var start = [UInt8](repeating: 0, count: 512)
    start.removeLast(start.count - max(0, read(file, &start, start.count)))
    let lines = start.split(separator: 10, maxSplits: 4, omittingEmptySubsequences: false).map { String(decoding: $0, as: UTF8.self) }
    guard lines.count == 5, lines[0] + "\n" == firstLine, !lines[3].isEmpty else { return nil }
    return lines[3]
  }

  private func header(of content: [UInt8]) -> String { Self.firstLine + identity.hex + "\n" + ContentDigest.of(content).hex + "\n" }

  private func file(_ number: Int) -> String {
    let digits = String(number)
    return "\(path)/checkpoint-\(String(repeating: "0", count: max(0, 8 - digits.count)))\(digits)"
  }

  /// The numbers of all checkpoints, ascending.
  private func numbers() -> [Int] {
    guard let folder = opendir(path) else { return [] }
    defer { closedir(folder) }
    var numbers: [Int] = []
    while let entry = readdir(folder) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: Int(NAME_MAX) + 1) { String(cString: $0) }
      }
      // Other names were not given here; of more digits than these there is no next number.
      let digits = name.dropFirst("checkpoint-".count)
      if name.hasPrefix("checkpoint-"), (8...15).contains(digits.count), let number = Int(digits), number >= 0 { numbers.append(number) }
    }
    return numbers.sorted()
  }
}
