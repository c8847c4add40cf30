import Foundation

/// One run of the program curl. It stays in this program's process group, so that Ctrl-C in a terminal ends both.
struct Curl {
  /// Curl's exit code, the server's last HTTP status (0 for none), and what curl said.
  let code: Int32
  let httpStatus: Int
  let words: String

  /// - Parameters:
  ///   - lock: an open file whose lock curl is to hold as long as it runs.
  ///   - waiting: is called ten times a second.
  /// - Throws: `FetchError.noCurl`.
  init(_ arguments: [String], lock: Int32, waiting: () -> Void) throws(FetchError) {
    let (output, errors) = (Pipe(), Pipe())
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, output.fileHandleForWriting.fileDescriptor, STDOUT_FILENO)
    posix_spawn_file_actions_adddup2(&actions, errors.fileHandleForWriting.fileDescriptor, STDERR_FILENO)
    // A copy without the flag that closes it when curl starts.
    posix_spawn_file_actions_adddup2(&actions, lock, 3)
    let argv = (["curl"] + arguments).map { strdup($0) } + [nil]
    defer { for argument in argv { free(argument) } }
    var child: pid_t = 0
    guard posix_spawnp(&child, "curl", &actions, nil, argv, environ) == 0 else { throw .noCurl }
    try? output.fileHandleForWriting.close()
    try? errors.fileHandleForWriting.close()
    var status: Int32 = 0
    while waitpid(child, &status, WNOHANG) == 0 {
      waiting()
      usleep(100_000)
    }
    // A few words only, which the pipes have held meanwhile.
    httpStatus = Int(Self.text(output)) ?? 0
    words = Self.text(errors).trimmingCharacters(in: .whitespacesAndNewlines)
    code = status & 0x7F == 0 ? status >> 8 & 0xFF : 128 + status & 0x7F
  }

  private static func text(_ pipe: Pipe) -> String { String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self) }
}
