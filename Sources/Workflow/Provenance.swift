import Artifacts
import Glibc

extension Study {
  /// When, where and from what a result was made. For people and for the expected time of the next run; no key depends on it.
  func provenance(_ execution: Execution, _ usage: ChildProcess.Usage, _ files: [Publication.File]) -> JSONValue {
    let instance = plan.instances[execution.number]
    // What ran, whatever has become of it since.
    let program = execution.ingredients.program
    let outputs = files.map { file -> JSONValue.Member in
      let name = instance.outputs.first { $0.port == file.port }?.file ?? ""
      return .init(file.port, ["file": .string(name), "digest": .string(file.digest), "bytes": .integer(file.stamp.bytes)])
    }
    var system = utsname()
    uname(&system)
    func text<T>(_ field: T) -> JSONValue {
      withUnsafeBytes(of: field) { .string(String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)) }
    }
    let log = try? ContentDigest.ofFile("\(store.attemptFolder(execution.key.hex))/log.txt").hex
    let libraries = program.libraries.map { JSONValue.Member($0, (try? store.digests.digest(of: $0)).map(JSONValue.string) ?? .null) }
    let work = works[execution.number].map { [JSONValue.Member("work", $0.json)] } ?? []
    let sweep: [JSONValue.Member] = instance.sweep.sweep.isEmpty ? [] : [.init("sweep", .object(instance.sweep.sweep))]
    let record: JSONValue = [
      "schema": "ccr.provenance/1", "instance": .string(instance.name), "pipeline": .string(pipelineFile), "profile": .string(plan.profile),
      "set": .array(overrides.map(JSONValue.string)), "action": .string(execution.key.hex), "outputs": .object(outputs),
      "sources": .object(execution.ingredients.sources), "key": execution.key.record,
      "program": .string(program.path), "libraries": .object(libraries), "started": .string(execution.startTime),
      "seconds": .number(Self.rounded(execution.seconds)), "cpuSeconds": .number(Self.rounded(usage.cpuSeconds)),
      "peakBytes": .integer(usage.peakBytes), "threads": .integer(execution.threads),
      "source": source.json, "warnings": .array(execution.warnings.map(JSONValue.string)),
      "log": log.map(JSONValue.string) ?? .null,
      "host": [
        "name": text(system.nodename), "system": text(system.sysname), "release": text(system.release), "machine": text(system.machine),
      ],
    ]
    return .object((record.object ?? []) + work + sweep)
  }

  private static func rounded(_ seconds: Double) -> Double { (seconds * 1000).rounded() / 1000 }
}
