import Artifacts

/// How an instance stands to the store.
public struct Standing: Sendable {
  public enum State: String, Sendable {
    /// Its result is in the store.
    case hit
    /// Its result is in the store, but a copy that is to be published is missing or differs.
    case publish
    /// It would be executed.
    case run
    /// It reads from something that would be executed, and is executed unless that comes out unchanged.
    case maybe
    /// Its last execution failed, and nothing has changed since.
    case failed
    /// Somebody executes it now.
    case running
  }

  public let instance: Instance
  public let state: State
  /// Its action key, nil where something upstream is not known.
  public let action: String?
  /// Digest of each output by port, in the order of pipeline.json; for hits.
  public let outputs: [(port: String, digest: String)]
  /// Why it is not a hit, or that it was adopted; else empty.
  public let reason: String
  let key: ActionKey?
  /// Whether it is recorded that it has no result: a run does not execute it again.
  public internal(set) var isAbsent = false

  /// Whether there is nothing to execute.
  public var hasResult: Bool { state == .hit || state == .publish }

  /// Whether a run would execute it, or might.
  public var isPending: Bool { !hasResult && !isAbsent }
}

extension Study {
  /// The state of every instance, in the plan's order. Takes no lock. Says nothing where a loop listens and is asked to stop meanwhile.
  public func standings() throws -> [Standing] {
    var results: [Int: StoredResult] = [:]
    var standings: [Standing] = []
    // Of most actions there is none, which then need not be asked for one by one.
    let traces = Set(["locks", "attempts", "checkpoints"].flatMap { Folder.names("\(store.folder)/\($0)") }.map { $0.prefix(64) })
    func pending(_ instance: Instance, _ key: ActionKey, _ damage: String?) -> Standing {
      (traces.contains(key.hex[...]) ? traced(instance, key, damage) : nil) ?? untraced(instance, key, damage)
    }
    for (number, instance) in plan.instances.enumerated() {
      if let reason = absence(of: number, { results[$0] }) {
        results[number] = StoredResult(action: "", outputs: [:], absence: reason)
        standings.append(Standing(instance: instance, state: .failed, action: nil, outputs: [], reason: reason, key: nil, isAbsent: true))
        continue
      }
      guard let key = try key(number, { results[$0] }) else {
        standings.append(open(instance, standings))
        continue
      }
      switch store.content(key.hex, as: .object) {
      case .whole(let result):
        results[number] = result
        if let reason = result.absence {
          standings.append(
            Standing(instance: instance, state: .failed, action: key.hex, outputs: [], reason: reason, key: key, isAbsent: true))
          continue
        }
        let outputs = instance.outputs.compactMap { output in result.outputs[output.port].map { (output.port, $0) } }
        let missing = unpublished(instance, result).map(\.path)
        standings.append(
          Standing(
            instance: instance, state: missing.isEmpty ? .hit : .publish, action: key.hex, outputs: outputs,
            reason: missing.first.map { "\($0) is missing or differs" } ?? (result.isAdopted ? "adopted, not executed" : ""), key: key))
      case .damaged(_, let damage): standings.append(pending(instance, key, damage))
      case .collected: standings.append(pending(instance, key, "its files were removed by ccr gc"))
      case .nothing: standings.append(pending(instance, key, nil))
      }
    }
    remember()
    return standings
  }

  private func open(_ instance: Instance, _ standings: [Standing]) -> Standing {
    let waits = instance.upstream.unique.filter { !standings[$0].hasResult }.map { standings[$0].instance.name }
    let list = waits.prefix(2).joined(separator: ", ") + (waits.count > 2 ? " and \(waits.count - 2) more" : "")
    let known = resultFolder.provenance(instance).now != nil
    return Standing(
      instance: instance, state: known ? .maybe : .run, action: nil, outputs: [],
      reason: known ? "unless \(list) come\(waits.count == 1 ? "s" : "") out unchanged" : "first time, after \(list)", key: nil)
  }

  /// The state of an action that somebody works at, or has worked at; nil where that left nothing to go by.
  private func traced(_ instance: Instance, _ key: ActionKey, _ damage: String?) -> Standing? {
    if store.isLocked(key.hex) {
      let owner = ActionOwner(attempt: store.attemptFolder(key.hex))
      return Standing(
        instance: instance, state: .running, action: key.hex, outputs: [], reason: owner?.words ?? "being executed now", key: key)
    }
    if let failure = Store.json("\(store.attemptFolder(key.hex))/failure.json")?["reason"]?.string {
      return Standing(instance: instance, state: .failed, action: key.hex, outputs: [], reason: failure, key: key)
    }
    guard let place = CheckpointFolder.place(in: store.checkpointFolder(key.hex)) else { return nil }
    let cause = cause(instance, key, damage).map { "\($0); " } ?? ""
    return Standing(instance: instance, state: .run, action: key.hex, outputs: [], reason: "\(cause)goes on from \(place)", key: key)
  }

  private func untraced(_ instance: Instance, _ key: ActionKey, _ damage: String?) -> Standing {
    let reason = cause(instance, key, damage) ?? "first time"
    return Standing(instance: instance, state: .run, action: key.hex, outputs: [], reason: reason, key: key)
  }

  /// Why an instance has no result that is whole; nil where it was never made.
  private func cause(_ instance: Instance, _ key: ActionKey, _ damage: String?) -> String? {
    damage ?? changes(of: instance, to: key).map { $0.first?.text ?? "its result is gone from the store" }
  }

  /// What differs between the key an instance had when it was last made and the key it has now; nil where it was never made.
  func changes(of instance: Instance, to key: ActionKey) -> [KeyChange]? {
    resultFolder.provenance(instance).now?["key"].map { KeyChange.between($0, key.record) }
  }
}
