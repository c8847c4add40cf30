import ArgumentParser
import Glibc
import Workflow

/// `ccr fetch`: the program of that name beside this one, since the runner knows nothing of data sets.
struct Fetch: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Downloads the official files of data sets into data/; `ccr fetch --help` lists them.")
  @Argument(parsing: .captureForPassthrough) var arguments: [String] = []

  func run() throws {
    // Also from a folder inside a study, its data go where it looks for them.
    if let folder = StudyFolder.pipelineFile?.dropLast(StudyFolder.name.count), !folder.isEmpty { setenv("CCR_DATA", "\(folder)data", 0) }
    let program = "\(OwnFolder.path)/fetch"
    var argv = ([program] + arguments).map { strdup($0) } + [nil]
    execv(program, &argv)
    throw PipelineError(.program("cannot start \(program): \(String(cString: strerror(errno)))", remedy: "run `make build`"))
  }
}

/// The folder of this program, where the stage programs are too.
enum OwnFolder {
  static var path: String {
    var path = [CChar](repeating: 0, count: 4096)
    let length = readlink("/proc/self/exe", &path, path.count)
    let own = String(decoding: path.prefix(max(0, length)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    return own.lastIndex(of: "/").map { String(own[..<$0]) } ?? "."
  }
}
