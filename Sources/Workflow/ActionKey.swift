import Artifacts

/// What a result depends on, and nothing else; its digest names the result.
public struct ActionKey: Sendable {
  /// Every ingredient, for `ccr why`.
  public let record: JSONValue
  public let hex: String

  init(record: JSONValue) {
    self.record = record
    hex = ContentDigest.of(Array("ccr.action/1\n\(record.canonical)".utf8)).hex
  }

  /// - Parameters:
  ///   - outputs: action key and output digests of every instance upstream, nil for those not known.
  ///   - file: digest of a source file named in pipeline.json.
  /// - Returns: nil where something upstream is not known yet.
  static func of(
    _ instance: Instance, _ program: Programs.Program, plan: Plan, upstream: (Int) -> StoredResult?, file: (String) throws -> String
  ) rethrows -> ActionKey? {
    var inputs: [JSONValue.Member] = []
    for input in instance.inputs {
      switch input.source {
      case .file(let path): inputs.append(.init(input.port, .string(try file(path))))
      case .instance(let number, let port):
        guard let digest = upstream(number)?.outputs[port]?.digest else { return nil }
        inputs.append(.init(input.port, .string(digest)))
      case .gathered(let list):
        // A table names the results its cells come from, so they are part of what it depends on.
        var gathered: [JSONValue] = []
        for (number, port) in list {
          guard let result = upstream(number), let digest = result.outputs[port]?.digest else { return nil }
          gathered.append(["instance": .string(plan.instances[number].name), "action": .string(result.action), "output": .string(digest)])
        }
        inputs.append(.init(input.port, .array(gathered)))
      }
    }
    var members: [JSONValue.Member] = [
      .init("stage", program.description["name"] ?? .null), .init("version", program.description["version"] ?? .null),
      .init("program", .string(program.digest)), .init("parameters", instance.parameters), .init("inputs", .object(inputs)),
      .init("outputs", .array(instance.outputs.map { .string($0.port) })),
    ]
    if let blas = program.blasDigest { members.append(.init("OpenBLAS", .string(blas))) }
    if let numericClass = program.numericClass { members.append(.init("numericClass", .string(numericClass))) }
    return ActionKey(record: .object(members))
  }
}

/// One output in the store.
struct StoredOutput: Sendable {
  let digest: String
  let size: Int
  let modified: Int
}

/// The record of a finished action.
struct StoredResult: Sendable {
  let action: String
  let outputs: [String: StoredOutput]
  let json: JSONValue
}
