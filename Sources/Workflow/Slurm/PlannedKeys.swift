import Artifacts

extension Study {
  /// Names of all instances by what is known of them before anything has run: stage, program, parameters and, in place of the content of inputs,
  /// the names of those that make them. 64 hex digits; a change of pipeline.json that reaches an instance gives it another name.
  ///
  /// Jobs of a cluster are called by it, since the key of an action is not known before its inputs are. It decides nothing else: a job computes
  /// the key of its action from what is in the store when it begins.
  public func plannedKeys() -> [String] {
    var keys: [String] = []
    for instance in plan.instances {
      let inputs = instance.inputs.map { input -> JSONValue.Member in
        switch input.source {
        case .file(let path): .init(input.port, .string(path))
        case .instance(let number, let port): .init(input.port, [.string(keys[number]), .string(port)])
        case .gathered(let list): .init(input.port, .array(list.map { [.string(keys[$0.instance]), .string($0.port)] }))
        }
      }
      let record: JSONValue = [
        "profile": .string(plan.profile), "instance": .string(instance.name), "program": .string(instance.program),
        "parameters": instance.parameters, "inputs": .object(inputs), "outputs": .array(instance.outputs.map { .string($0.port) }),
      ]
      keys.append(ContentDigest.of(Array("ccr.planned/1\n\(record.canonical)".utf8)).hex)
    }
    return keys
  }

  /// The instances that jobs are asked for.
  /// - Parameter texts: planned keys, or as many of their first digits, at least 8, as tell them apart.
  /// - Throws: `ClusterError.unknownKey` where the study has no such instance, as after a change of pipeline.json.
  public func instances(planned texts: [String]) throws(ClusterError) -> [Int] {
    let keys = plannedKeys()
    var numbers: [Int] = []
    for text in texts {
      let found = keys.indices.filter { text.count >= 8 && keys[$0].hasPrefix(text) }
      guard found.count == 1 else { throw .unknownKey(text, pipeline: pipeline.path, profile: plan.profile) }
      numbers += found
    }
    return numbers
  }
}
