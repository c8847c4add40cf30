import Artifacts
import Glibc

/// The stage programs: where they are, what they say of themselves, and their digests. What they say is remembered until the program, its
/// OpenBLAS or ARPACK, the loader's configuration, the CPU or the user's choice of kernels change.
final class Programs {
  struct Program {
    let path: String
    let digest: String
    let stamp: FileStamp
    /// Whether every later write shows in the stamp.
    let isSettled: Bool
    let description: ProgramDescription
    /// The OpenBLAS and the ARPACK it computes with.
    let numericLibraries: [(name: String, file: HashedFile)]
    /// Every library it loads: for the provenance only.
    let libraries: [String]

    /// Whether neither its file nor a library it computes with was replaced or written since.
    var isInPlace: Bool { FileStamp(path) == stamp && numericLibraries.allSatisfy { FileStamp($0.file.path) == $0.file.stamp } }
  }

  let folder: String
  private let pipelineFolder: String
  private let data: String
  private let digests: FileDigests
  private let path: String
  private var remembered: [String: JSONValue] = [:]
  private var known: [String: Program] = [:]
  /// What did not say what it is, until it is written anew: it may take its time to fail.
  private var refused: [String: (stamp: FileStamp?, error: PipelineError)] = [:]
  private var changed = false
  /// What was looked at since `lookingOnce` began; nil outside of it.
  private var looked: Set<String>?

  /// - Parameters:
  ///   - folder: where programs without a slash in their name are; all others are relative to `pipelineFolder`.
  ///   - path: where descriptions are remembered.
  init(folder: String, pipelineFolder: String, data: String, digests: FileDigests, path: String) {
    self.folder = folder
    self.pipelineFolder = pipelineFolder
    self.data = data
    self.digests = digests
    self.path = path
    guard let root = Store.json(path), root["check"]?.string == Store.check(root) else {
      // What was damaged is learned anew, and replaced even where nothing is learned.
      changed = access(path, F_OK) == 0
      return
    }
    for member in root["programs"]?.object ?? [] { remembered[member.name] = member.value }
  }

  /// Calls `body`, for which each program is looked at once, as if all that it asks for were asked at one moment.
  func lookingOnce<Result>(_ body: () throws -> Result) rethrows -> Result {
    looked = []
    defer { looked = nil }
    return try body()
  }

  /// A program as it is now: one that was replaced since the last call is looked at anew.
  func program(_ name: String) throws -> Program {
    if let program = known[name], looked?.contains(name) == true || program.isInPlace {
      looked?.insert(name)
      return program
    }
    let path = path(name)
    for _ in 0..<Self.mostLooks {
      guard access(path, X_OK) == 0, let stamp = FileStamp(path) else {
        throw PipelineError(.program("there is no program \(path)", remedy: "run `make build`, and check the key \"program\" of its stage"))
      }
      if let refusal = refused[name], refusal.stamp == stamp { throw refusal.error }
      do {
        let program = try look(path)
        // What it says and what it is must be of one file: it may be replaced between the two.
        guard program.stamp == stamp else { continue }
        known[name] = program
        return program
      } catch let error as PipelineError {
        guard FileStamp(path) == stamp else { continue }
        refused[name] = (stamp, error)
        throw error
      }
    }
    throw PipelineError(.program("\(path) was replaced again and again while it was looked at", remedy: "let it be built, then run again"))
  }

  private static let mostLooks = 10

  private func look(_ path: String) throws -> Program {
    let (json, libraries) = try describe(path)
    guard let description = ProgramDescription(json) else {
      throw PipelineError(.program("\(path) --describe prints no description of a stage", remedy: "run `make build`"))
    }
    let file = try digests.content(of: path, as: .program)
    return Program(
      path: path, digest: file.hex, stamp: file.stamp, isSettled: file.isSettled, description: description,
      numericLibraries: try [("OpenBLAS", description.blasLibrary), ("ARPACK", description.arpackLibrary)].compactMap { name, path in
        guard let path, !path.isEmpty else { return nil }
        return (name, try digests.content(of: path))
      }, libraries: libraries)
  }

  func path(_ name: String) -> String {
    name.hasPrefix("/") ? name : name.contains("/") ? "\(pipelineFolder)/\(name)" : "\(folder)/\(name)"
  }

  private func describe(_ path: String) throws -> (JSONValue, [String]) {
    func witness(_ description: JSONValue) -> JSONValue {
      let files = [path, description["blasLibrary"]?.string ?? "", description["arpackLibrary"]?.string ?? "", "/etc/ld.so.cache"]
      return .array(files.map { .string(FileStamp($0)?.text ?? "") } + [.string(StageEnvironment.blasCore), .string(Self.processor)])
    }
    if let entry = remembered[path], let description = entry["description"], entry["witness"] == witness(description) {
      return (description, (entry["libraries"]?.array ?? []).compactMap(\.string))
    }
    let (stamp, environment) = (FileStamp(path), StageEnvironment.variables(data: data))
    let isYoung = stamp?.isYoung ?? true
    let (status, output) = try ChildProcess.run(path, ["--describe"], environment: environment)
    guard status == .exited(0), let description = try? JSONValue.parse(output, file: path) else {
      throw PipelineError(.program("\(path) --describe failed", remedy: "run it by hand to see why, and `make build`"))
    }
    let libraries = try Self.libraries(of: path, environment)
    if !isYoung, FileStamp(path) == stamp {
      remembered[path] = [
        "witness": witness(description), "libraries": .array(libraries.map(JSONValue.string)), "description": description,
      ]
      changed = true
    }
    return (description, libraries)
  }

  /// The shared libraries the loader would take, by its own account (what `ldd` prints).
  private static func libraries(of path: String, _ environment: [String]) throws -> [String] {
    guard (try? ProgramDigest.isELF(path)) == true else { return [] }
    let (status, output) = try ChildProcess.run(path, [], environment: environment + ["LD_TRACE_LOADED_OBJECTS=1"])
    guard status == .exited(0) else { return [] }
    return String(decoding: output, as: UTF8.self).split(separator: "\n").compactMap { line in
      line.split(separator: " ").first { $0.hasPrefix("/") }.map(String.init)
    }
  }

  /// The first processor's feature flags: a program may choose its kernels by them.
  static let processor: String = {
    guard let file = fopen("/proc/cpuinfo", "r") else { return "" }
    defer { fclose(file) }
    var line: UnsafeMutablePointer<CChar>?
    var capacity = 0
    defer { free(line) }
    while getline(&line, &capacity, file) > 0 {
      guard let text = line.map({ String(cString: $0) }), text.hasPrefix("flags") || text.hasPrefix("Features") else { continue }
      return ContentDigest.of(Array(text.utf8)).hex
    }
    return ""
  }()

  /// How fast this machine is, by a program's own measurement, operations per second; nil where it does not say.
  func speed(_ path: String) -> Double? {
    let answer = try? ChildProcess.run(path, ["--calibrate"], environment: StageEnvironment.variables(data: data))
    guard let (status, output) = answer, status == .exited(0) else { return nil }
    return (try? JSONValue.parse(output, file: path))?["operationsPerSecond"]?.double.flatMap { $0 > 0 && $0 < 1e18 ? $0 : nil }
  }

  /// Digests of the original files a stage would read, where its settings do not pin their content.
  /// - Returns: nil where they do, and "not found" where there are none: then the stage itself says what it looked for.
  func originals(of instance: Instance, _ program: Program) throws -> (key: JSONValue, files: [HashedFile])? {
    guard let pin = program.description.originalsPinnedBy, instance.parameters[pin]?.bool != true else { return nil }
    guard let files = try originalFiles(of: instance) else { return ("not found", []) }
    var (key, read): ([JSONValue], [HashedFile]) = ([], [])
    for file in files {
      if let digest = file.digest {
        key.append(.array([.string(file.name), .string(digest)]))
        continue
      }
      do {
        let content = try digests.content(of: file.path, as: .original)
        key.append(.array([.string(file.name), .string(content.hex)]))
        read.append(content)
      } catch FileError.failed(let operation, let path, errno: ECANCELED) {
        throw FileError.failed(operation: operation, path: path, errno: ECANCELED)
      } catch {
        return ("not found", [])
      }
    }
    return (.array(key), read)
  }

  /// The original files a stage would read, by its own account; nil where it does not find them or reads none.
  /// A file counts by the digest that the stage gives, otherwise by its content.
  func originalFiles(of instance: Instance) throws -> [(name: String, path: String, digest: String?)]? {
    let program = try program(instance.program)
    guard program.description.originalsPinnedBy != nil else { return nil }
    let arguments = ["--originals", "--parameters", instance.parameters.canonical]
    let (status, output) = try ChildProcess.run(
      program.path, arguments, environment: StageEnvironment.variables(data: data), within: .seconds(120))
    guard status == .exited(0), let answer = try? JSONValue.parse(output, file: program.path) else {
      return nil
    }
    return answer.array?.compactMap { file in
      guard let name = file["name"]?.string, let path = file["path"]?.string else { return nil }
      return (name, path, file["digest"]?.string)
    }
  }

  /// Writes what is new; a folder that cannot be written costs only time.
  func save() {
    guard changed else { return }
    changed = false
    let members = remembered.sorted { $0.key < $1.key }.map { JSONValue.Member($0.key, $0.value) }
    let programs = JSONValue.Member("programs", .object(members))
    Folder.setAside(path)
    try? AtomicFile.write(JSONValue.object([programs, .init("check", .string(Store.check(.object([programs]))))]).canonical, to: path)
  }
}
