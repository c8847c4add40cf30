import Artifacts
import Foundation
import TestSupport
import Testing

/// Runners that do not see each other's processes, as in two containers with one results folder.
@Suite(.waiting, .enabled(if: Namespaces.arePermitted, "needs the right to make process namespaces (unshare --pid)"))
struct NamespaceTests {
  /// Starts `ccr` as process 1 or 2 of a namespace of its own.
  /// - Parameter host: another name for the host there.
  private func start(_ study: ToyStudy, _ arguments: String, host: String? = nil) throws -> Process {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/unshare")
    let command = "\(ToyStudy.binaries)/ccr \(arguments) --pipeline \(study.folder)/pipeline.json"
    let words = "\(study.folder)/words-\(UUID().uuidString)"
    let naming = host.map { "echo \($0) > /proc/sys/kernel/hostname; " } ?? ""
    process.arguments =
      Namespaces.flags + (host == nil ? [] : ["--uts"]) + ["--kill-child", "/bin/sh", "-c", "\(naming)\(command) > \(words) 2>&1"]
    try process.run()
    return process
  }

  private func words(_ study: ToyStudy) -> String {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: study.folder))?.filter { $0.hasPrefix("words-") } ?? []
    return names.map(study.read).joined(separator: "\n")
  }

  @Test func runnersOfTwoNamespacesExecuteEachActionOnce() throws {
    let study = try ToyStudy(act: "tick")
    let runners = try (0..<4).map { _ in try start(study, "run --json --jobs 2") }
    for runner in runners {
      runner.waitUntilExit()
      #expect(runner.terminationStatus == 0, "\(words(study))")
    }
    #expect(study.executedInstances.count == ToyStudy.instances && Set(study.executedInstances).count == ToyStudy.instances)
    let left = study.files("results").filter { $0.hasSuffix(".part") } + study.files("results/.store/scratch")
    #expect(left.isEmpty, "\(left)")
    #expect(try study.run() == [:])
  }

  /// Two hosts with one results folder, as far as one kernel can play both: other names, other processes, `gc` on one of them all the while.
  @Test func twoHostsShareAStore() throws {
    let study = try ToyStudy(act: "tick")
    let hosts = ["north", "south"]
    let runners = try hosts.flatMap { host in
      try ["quick", "large"].map { try start(study, "run --json --jobs 2 --profile \($0)", host: host) }
    }
    while runners.contains(where: \.isRunning) {
      let gc = try start(study, "gc --delete", host: "south")
      gc.waitUntilExit()
      #expect(gc.terminationStatus == 0, "\(words(study))")
    }
    for runner in runners { #expect(runner.terminationStatus == 0, "\(words(study))") }
    let executed = study.executedInstances
    // The tables of the profiles are two actions of one name.
    #expect(executed.count == Set(executed).count + 1 && executed.count { $0 == "table" } == 2, "\(executed)")
    let made = study.files("results/.store/actions").filter { $0.hasSuffix("provenance.json") }.compactMap {
      (try? JSONValue.read($0))?["host"]?["name"]?.string
    }
    #expect(made.count == executed.count && Set(made).isSubset(of: hosts), "\(made)")
    #expect(try study.ccr("verify").code == 0)
    #expect(try study.run() == [:])
    #expect(study.files("results/.store/locks").isEmpty && study.files("results/.store/attempts").isEmpty)
  }

  /// Half-written files of another namespace: left alone while their writer lives, cleared when it is gone, whatever number it had there.
  @Test func halfWrittenFilesOfAnotherNamespaceAreLeftAlone() throws {
    let study = try ToyStudy()
    _ = try study.run()
    let part = "\(study.folder)/results/.store/digests.other-host.0.1.part"
    let descriptor = open(part, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
    #expect(flock(descriptor, LOCK_EX) == 0)
    for isThere in [true, false] {
      let runner = try start(study, "run --json")
      runner.waitUntilExit()
      #expect(runner.terminationStatus == 0, "\(words(study))")
      #expect((access(part, F_OK) == 0) == isThere)
      if isThere { close(descriptor) }
    }
  }

  /// Whoever waits names no process that has another meaning here, and ends none.
  @Test func aRunnerOfAnotherNamespaceIsWaitedForAndNotKilled() throws {
    let study = try ToyStudy(act: "pause")
    let other = try start(study, "run 'make[dataset=a,method=x,seed=0]' --json")
    try study.waitForExecutions(2)
    let mine = try study.start(["run", "make[dataset=a,method=x,seed=0]", "--json", "--grace", "0.1"])
    try study.waitUntilSaid("another ccr executes it (process ")
    #expect(other.isRunning && mine.0.isRunning)
    try study.go()
    other.waitUntilExit()
    let output = mine.output()
    #expect(other.terminationStatus == 0 && output.code == 0 && study.executedInstances.count == 2, "\(output.error)")
    #expect(!output.error.contains("asked to end"), "\(output.error)")
  }

  /// A namespace that ends takes its stages with it, and its locks: the next runner goes on.
  @Test func whatANamespaceLeavesIsCleared() throws {
    let study = try ToyStudy(act: "pause")
    let other = try start(study, "run 'make[dataset=a,method=x,seed=0]' --json")
    try study.waitForExecutions(2)
    kill(other.processIdentifier, SIGKILL)
    other.waitUntilExit()
    try study.go()
    let next = try study.ccr("run", "make[dataset=a,method=x,seed=0]", "--json", "--grace", "2")
    #expect(next.code == 0 && next.executed == 1, "\(next.error)")
    #expect(study.files("results/.store/attempts").isEmpty)
  }
}

private enum Namespaces {
  /// With /proc of their own, as containers have it: libdispatch ends a process whose threads it does not find there.
  static let flags = ["--pid", "--fork", "--mount-proc"]

  static let arePermitted: Bool = {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/unshare")
    process.arguments = flags + ["true"]
    process.standardError = FileHandle.nullDevice
    guard (try? process.run()) != nil else { return false }
    process.waitUntilExit()
    return process.terminationStatus == 0
  }()
}
