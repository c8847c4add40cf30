import Foundation
import TestSupport
import Testing

/// `scripts/deps.sh`, which `make` calls, on machines that are made up: a folder of small scripts as PATH, and an os-release.
@Suite("What make says of a machine that lacks something", .waiting)
struct DependenciesTests {
  private static let script = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "scripts/deps.sh").path
  private let folder = FileManager.default.temporaryDirectory.appending(path: "deps-\(UUID().uuidString)")

  private struct Machine {
    var name = "Debian GNU/Linux 13 (trixie)"
    var swift: String? = "Swift version 6.3.1 (swift-6.3.1-RELEASE)"
    var installed: [String] = []
    /// What apt knows; nil for a system without apt.
    var known: [String]? = ["libpng-dev", "libcairo2-dev", "dataset-fashion-mnist"]
    var isRoot = true
    var hasSudo = false
    var failing = ""
  }

  /// A program that another test has just forked may still have a file open for writing that was written meanwhile, and the kernel executes no
  /// such file. It grants a read lease once nobody has.
  private func waitUntilNobodyWrites(_ path: String) throws {
    let file = try FileHandle(forReadingFrom: URL(filePath: path))
    let lease: Int32 = 1024  // F_SETLEASE
    while fcntl(file.fileDescriptor, lease, F_RDLCK) != 0, errno == EAGAIN { usleep(1000) }
    try file.close()
  }

  /// Runs the script; `done` are the calls of apt-get and sudo.
  private func run(_ machine: Machine, _ arguments: [String] = ["libpng-dev", "libcairo2-dev", "dataset-fashion-mnist"]) throws -> (
    code: Int32, words: String, done: [String]
  ) {
    let files = FileManager.default
    try files.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? files.removeItem(at: folder) }
    func tool(_ name: String, _ body: String) throws {
      let path = folder.appending(path: name).path
      try "#!/bin/sh\n\(body)\n".write(toFile: path, atomically: true, encoding: .utf8)
      try files.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
      try waitUntilNobodyWrites(path)
    }
    for name in ["sed", "head", "sort"] {
      try files.createSymbolicLink(atPath: folder.path + "/\(name)", withDestinationPath: "/usr/bin/\(name)")
    }
    try "PRETTY_NAME=\"\(machine.name)\"\n".write(to: folder.appending(path: "os-release"), atomically: true, encoding: .utf8)
    let log = folder.path + "/log"
    if let swift = machine.swift { try tool("swift", "echo '\(swift)'") }
    try tool("id", "echo \(machine.isRoot ? 0 : 1000)")
    if machine.hasSudo { try tool("sudo", "echo sudo \"$@\" >>\(log); exec \"$@\"") }
    if let known = machine.known {
      try tool("apt-get", "echo apt-get \"$@\" >>\(log); [ \"$1\" != \"\(machine.failing)\" ]")
      try tool("apt-cache", "case ' \(known.joined(separator: " ")) ' in *\" $2 \"*) exit 0 ;; esac; exit 100")
      try tool("dpkg-query", "printf '%s' '\(machine.installed.map { "\($0):ii  " }.joined())'")
    }
    let process = Process()
    process.executableURL = URL(filePath: "/bin/sh")
    process.arguments = [Self.script] + arguments
    process.environment = ["PATH": folder.path, "OS_RELEASE": folder.path + "/os-release"]
    let output = Pipe()
    process.standardOutput = output
    process.standardError = output
    try process.run()
    let words = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    let done = (try? String(contentsOfFile: log, encoding: .utf8))?.split(separator: "\n").map(String.init) ?? []
    return (process.terminationStatus, words, done)
  }

  @Test("all there: not a word")
  func complete() throws {
    let result = try run(Machine(installed: ["libpng-dev", "libcairo2-dev", "dataset-fashion-mnist"]))
    #expect(result.code == 0 && result.words.isEmpty && result.done.isEmpty)
  }

  @Test("without Swift, with an older or a broken one nothing is installed, and it says where Swift comes from")
  func swift() throws {
    for (swift, words) in [
      (nil, "error: there is no Swift"), ("Swift version 6.1.2 (swift-6.1.2-RELEASE)", "error: Swift 6.1.2 ("),
      ("Apple Swift version 5.10 (x)", "error: Swift 5.10 ("), ("error while loading shared libraries: libxml2.so.2", "libxml2.so.2"),
    ] as [(String?, String)] {
      for arguments in [["libpng-dev"], ["--swift"], ["--swift", "libpng-dev"]] {
        let result = try run(Machine(swift: swift), arguments)
        #expect(result.code == 1 && result.done.isEmpty && result.words.contains(words), "\(result.words)")
        #expect(result.words.contains("\nremedy: install Swift 6.3 as https://www.swift.org/install/linux says"))
      }
    }
    for version in ["6.2", "6.2.1", "6.3.1", "6.10", "7.0"] {
      let result = try run(Machine(swift: "Swift version \(version) (x)"), ["--swift"])
      #expect(result.code == 0 && result.words.isEmpty, "\(version): \(result.words)")
    }
  }

  @Test("what is missing is named and installed, by sudo for users")
  func install() throws {
    let root = try run(Machine(installed: ["libpng-dev"]))
    #expect(root.code == 0 && root.words == "missing on Debian GNU/Linux 13 (trixie): libcairo2-dev dataset-fashion-mnist\n")
    #expect(
      root.done == ["apt-get update -qq", "apt-get install -y --no-install-recommends libcairo2-dev dataset-fashion-mnist"])
    let user = try run(Machine(installed: ["libpng-dev", "dataset-fashion-mnist"], isRoot: false, hasSudo: true))
    #expect(user.code == 0 && user.done.contains("sudo apt-get install -y --no-install-recommends libcairo2-dev"))
    let alone = try run(Machine(installed: ["libpng-dev"], isRoot: false))
    #expect(alone.code == 1 && alone.done.isEmpty)
    #expect(alone.words.contains("as root, run: apt-get install --no-install-recommends libcairo2-dev dataset-fashion-mnist"))
  }

  @Test("a system without the data package fetches the data; one without another package is told its name")
  func unknownPackages() throws {
    let data = try run(Machine(name: "Ubuntu 24.04.1 LTS", known: ["libpng-dev", "libcairo2-dev"]))
    #expect(data.code == 0 && data.done.last == "apt-get install -y --no-install-recommends libpng-dev libcairo2-dev")
    #expect(
      data.words.contains(
        "Ubuntu 24.04.1 LTS has no package dataset-fashion-mnist: after the build get the same data with .build/release/ccr fetch fashion-mnist"
      ))
    let library = try run(Machine(name: "Ubuntu 24.04.1 LTS", known: ["libpng-dev"]))
    #expect(library.code == 1 && !library.done.contains { $0.contains("install") })
    #expect(library.words.contains("Ubuntu 24.04.1 LTS has no package called libcairo2-dev; the names are those of Debian 12"))
    #expect(library.words.contains("universe"))
  }

  @Test("no apt, and apt that fails")
  func apt() throws {
    let fedora = try run(Machine(name: "Fedora Linux 42", known: nil))
    #expect(fedora.code == 1 && fedora.words.contains("Fedora Linux 42 has no apt") && fedora.words.contains("make compile: libpng-dev"))
    for verb in ["update", "install"] {
      let result = try run(Machine(failing: verb))
      #expect(result.code == 1 && result.words.contains("error: apt-get \(verb) failed"))
    }
  }
}
