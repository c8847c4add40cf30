import Artifacts

/// What an execution wrote to its standard output and standard error.
public struct ExecutionLog: Sendable {
  public let instance: String
  /// When it was, and what became of it.
  public let words: String
  public let text: String
}

extension Study {
  /// The log of each instance's last execution: of one at work or one that failed, else of the one that gave its result.
  /// - Throws: `PipelineError` where an instance was never executed here.
  public func logs(_ selected: [Int]) throws -> [ExecutionLog] {
    let standings = try standings()
    return try selected.map { number in
      let (standing, name) = (standings[number], plan.instances[number].name)
      if let action = standing.action, standing.state == .running || standing.state == .failed && !standing.isAbsent {
        let path = "\(store.attemptFolder(action))/log.txt"
        return ExecutionLog(instance: name, words: "\(standing.state.rawValue): \(standing.reason) (\(path))", text: Self.text(path))
      }
      let action = standing.isPending ? resultFolder.linkedAction(plan.instances[number]) : standing.action
      guard let action else {
        throw PipelineError(.missing(what: "a log of \(name)", remedy: "run `\(command(name))` first"))
      }
      let provenance = store.provenance(action)
      // An adopted result was executed under another key.
      let executed = provenance?["adopted"]?["from"]?.string ?? action
      let path = "\(store.actionFolder(executed))/log.txt"
      var words = "\(provenance?["started"]?.string ?? "executed"), \(provenance?["seconds"]?.double ?? 0) s"
      words += (provenance?["host"]?["name"]?.string).map { " on \(Printable.text($0))" } ?? ""
      if standing.isPending { words += ", out of date" }
      return ExecutionLog(instance: name, words: "\(words) (\(path))", text: Self.text(path))
    }
  }

  /// As a terminal may show it, line by line.
  private static func text(_ path: String) -> String {
    let text = (try? AtomicFile.read(path)).map { String(decoding: $0, as: UTF8.self) } ?? ""
    return text.split(separator: "\n", omittingEmptySubsequences: false).map { Printable.text(String($0)) }.joined(separator: "\n")
  }
}
