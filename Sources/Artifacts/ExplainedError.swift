import Glibc

/// An error a person can act on: what is wrong, and what to do about it.
public protocol ExplainedError: Error, CustomStringConvertible {
  /// What is wrong and where: the file, what was expected, what was found.
  var problem: String { get }
  /// What to do or run.
  var remedy: String { get }
  /// Whose turn it is; decides the exit code of a stage.
  var kind: ErrorKind { get }
}

extension ExplainedError {
  public var description: String { "\(problem)\nremedy: \(remedy)" }
}

/// Whose turn it is after an error; the raw value is the exit code of a stage (`sysexits.h`).
public enum ErrorKind: Int32, Sendable {
  /// The user's input is wrong (EX_DATAERR).
  case badInput = 65
  /// The work came to an end without a result, and would again: training diverged (EX_UNAVAILABLE).
  case noResult = 69
  /// A defect of the program (EX_SOFTWARE).
  case bug = 70
  /// The machine failed: disk full, no permission, unreadable (EX_IOERR).
  case inputOutput = 74
}

/// Failures of the file system, with the system's own words.
public enum FileError: ExplainedError {
  case failed(operation: String, path: String, errno: Int32)
  case missing(path: String)
  /// A pipe, a device or a socket.
  case noFile(path: String)

  public var problem: String {
    switch self {
    case .failed(let operation, let path, let code): "cannot \(operation) \(path): \(Self.words(code))"
    case .missing(let path): "there is no file \(path)"
    case .noFile(let path): "\(path) is a pipe, a device or a socket, and no file"
    }
  }

  public var remedy: String {
    switch self {
    case .failed(_, _, ENOSPC): "free some space on that disk, then run again: nothing half-written was kept"
    case .failed("open", _, EACCES), .failed("read", _, EACCES), .failed("list", _, EACCES), .failed("map", _, EACCES):
      "make it readable for this user (`chmod u+r`; folders on the way to it need `chmod u+x`)"
    case .failed("start", _, EACCES): "make it executable for this user (`chmod u+x`)"
    case .failed(_, _, EACCES), .failed(_, _, EPERM), .failed(_, _, EROFS):
      "make that folder writable for this user, or name another one"
    case .failed(_, _, EISDIR): "name a file there, not a folder"
    case .failed(_, _, EMFILE), .failed(_, _, ENFILE): "allow more open files (`ulimit -n`), or fewer jobs"
    case .failed: "check the path and the disk, then run again"
    case .missing: "check the path"
    case .noFile: "put the file there, or name another one"
    }
  }

  public var kind: ErrorKind {
    switch self {
    case .failed(_, _, EISDIR): .badInput
    case .failed: .inputOutput
    case .missing, .noFile: .badInput
    }
  }

  /// Whether this process, or the system, may open no more files just now.
  public var isForWantOfDescriptors: Bool {
    if case .failed(_, _, let code) = self { [EMFILE, ENFILE].contains(code) } else { false }
  }

  private static func words(_ code: Int32) -> String { String(cString: strerror(code)) }
}
