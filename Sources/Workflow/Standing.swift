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

  /// Whether there is nothing to execute.
  public var hasResult: Bool { state == .hit || state == .publish }
}

extension Study {
  /// The state of every instance, in the plan's order. Takes no lock.
  public func standings() throws -> [Standing] {
    var results: [Int: StoredResult] = [:]
    var standings: [Standing] = []
    for (number, instance) in plan.instances.enumerated() {
      if let reason = absence(of: number, { results[$0] }) {
        results[number] = StoredResult(action: "", outputs: [:], absence: reason)
        standings.append(Standing(instance: instance, state: .failed, action: nil, outputs: [], reason: reason, key: nil))
        continue
      }
      guard let key = try key(number, { results[$0] }) else {
        standings.append(open(instance, standings))
        continue
      }
      switch store.content(key.hex) {
      case .whole(let result):
        results[number] = result
        if let reason = result.absence {
          standings.append(Standing(instance: instance, state: .failed, action: key.hex, outputs: [], reason: reason, key: key))
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

  private func pending(_ instance: Instance, _ key: ActionKey, _ damage: String?) -> Standing {
    if store.isLocked(key.hex) {
      let owner = ActionOwner(attempt: store.attemptFolder(key.hex))
      return Standing(
        instance: instance, state: .running, action: key.hex, outputs: [], reason: owner?.words ?? "being executed now", key: key)
    }
    if let failure = Store.json("\(store.attemptFolder(key.hex))/failure.json")?["reason"]?.string {
      return Standing(instance: instance, state: .failed, action: key.hex, outputs: [], reason: failure, key: key)
    }
    let changes = changes(of: instance, to: key)
    let cause = damage ?? changes.map { $0.first?.text ?? "its result is gone from the store" } ?? "first time"
    let reason =
      CheckpointFolder.place(in: store.checkpointFolder(key.hex)).map { "\(cause == "first time" ? "" : "\(cause); ")goes on from \($0)" }
      ?? cause
    return Standing(instance: instance, state: .run, action: key.hex, outputs: [], reason: reason, key: key)
  }

  /// What differs between the key an instance had when it was last made and the key it has now; nil where it was never made.
  func changes(of instance: Instance, to key: ActionKey) -> [KeyChange]? {
    resultFolder.provenance(instance).now?["key"].map { KeyChange.between($0, key.record) }
  }
}
