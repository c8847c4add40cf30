import Artifacts
import Glibc

/// An instance that was executed once more, in a clean folder, and held against its recorded result.
public struct Reexecution: Sendable {
  public let instance: String
  /// The outputs with other bytes, and where these differ first.
  public let differences: [(port: String, words: String)]
}

/// Executing instances again where nothing of their earlier executions is in reach: in a results folder of its own, which has the results of
/// what they need and nothing else.
final class CleanFolder {
  let study: Study
  private let scratch: Scratch

  init(_ study: Study) throws {
    try study.store.prepare()
    scratch = try Scratch(in: "\(study.store.folder)/again")
    self.study = Study(study, results: "\(scratch.path)/results")
    try self.study.store.prepare()
  }

  /// Gives the folder a result of the study: links to the outputs, so that nothing is copied.
  func take(_ result: StoredResult, from store: Store) throws { try study.store.take(result, from: store) }

  /// Executes instances, and what they need that the folder was not given.
  /// - Returns: what became of the run, and the results by instance.
  func run(_ selected: [Int], options: RunOptions, tell: @escaping (RunEvent) -> Void) throws -> (RunSummary, [Int: StoredResult]) {
    let runner = Runner(study, options: options, tell: tell)
    let summary = try runner.run(selected)
    // Logs of what failed are named to the person.
    scratch.isLeft = summary.failed > 0
    return (summary, runner.results.filter { $0.value.absence == nil })
  }

  /// Keeps in the study's store what an execution in this folder gave: as its result where it has none or one that was only adopted, beside it
  /// where the bytes are others.
  func keep(_ result: StoredResult, of number: Int, in main: Study) throws {
    guard let provenance = study.store.provenance(result.action), let lock = try main.store.lock(result.action) else { return }
    defer { lock.release() }
    let files = try result.outputs.sorted { $0.key < $1.key }.map { port, digest in
      let (from, to) = (study.store.object(digest), main.store.object(digest))
      main.store.pins.hold([digest])
      if (try? main.store.digests.digest(of: to)) != digest {
        try main.store.makeFolder("\(main.store.folder)/cas/\(digest.prefix(2))")
        main.store.notices.setAside(to)
        guard rename(from, to) == 0 else { throw FileError.failed(operation: "put in place", path: to, errno: errno) }
        try AtomicFile.syncFolder(of: to)
      }
      guard let stamp = FileStamp(to) else { throw FileError.missing(path: to) }
      return Publication.File(port: port, digest: digest, stamp: stamp)
    }
    let (kept, _) = try main.store.commit(result.action, files, provenance: provenance) { main.unusableOutput(of: number, $0) == nil }
    guard kept.outputs == result.outputs else { return }
    rename("\(study.store.actionFolder(result.action))/log.txt", "\(main.store.actionFolder(result.action))/log.txt")
  }
}

extension Study {
  /// Executes instances again in a clean folder and holds every byte against the recorded results, which stay.
  /// - Throws: `PipelineError` where a selected instance has no result to hold anything against, before anything is executed.
  public func reexecute(
    _ selected: [Int], options: RunOptions, tell: @escaping (RunEvent) -> Void
  ) throws -> (summary: RunSummary, results: [Reexecution]) {
    let standings = try standings()
    if let open = selected.first(where: { !standings[$0].hasResult }) {
      let name = plan.instances[open].name
      throw PipelineError(
        .missing(what: "the result of \(name)", remedy: "run `\(command(name))` first: there is nothing to compare with"))
    }
    let clean = try CleanFolder(self)
    let again = Set(selected.compactMap { standings[$0].action })
    for number in plan.closure(of: selected) {
      guard let key = standings[number].action, !again.contains(key) else { continue }
      store.pins.hold([key])
      if let result = store.result(key) { try clean.take(result, from: store) }
    }
    let (summary, results) = try clean.run(selected, options: options, tell: tell)
    let compared = try selected.compactMap { number -> Reexecution? in
      guard let result = results[number] else { return nil }
      let differences = self.differences(standings[number].outputs, result, clean, number)
      if result.action == standings[number].action, store.record(result.action)?.isAdopted == true || !differences.isEmpty {
        try clean.keep(result, of: number, in: self)
      }
      return Reexecution(instance: plan.instances[number].name, differences: differences)
    }
    remember()
    return (summary, compared)
  }

  /// The outputs of which another execution has other bytes, with the first place in each.
  func differences(
    _ recorded: [(port: String, digest: String)], _ result: StoredResult, _ clean: CleanFolder, _ number: Int
  ) -> [(port: String, words: String)] {
    recorded.compactMap { port, digest in
      guard let other = result.outputs[port], other != digest else { return nil }
      let file = plan.instances[number].outputs.first { $0.port == port }?.file ?? port
      let words = try? FileDifference.first(file, store.object(digest), clean.study.store.object(other))
      return (port, "\(file) \(words ?? "cannot be compared")")
    }
  }
}
