import Artifacts

/// What a result depends on, and nothing else; its digest names the result. Equal keys are one action, whatever instance asks for it.
///
/// In the record: the stage's interface, its program's code, OpenBLAS, ARPACK and the numeric class where it computes with them, its parameters,
/// the content of its inputs, the ports asked for. Not in it: paths, times, user, host, jobs, threads, names of instances and profiles; except
/// that gathered inputs, of which tables name their sources, count with instance, coordinates and action.
public struct ActionKey: Sendable {
  public let record: JSONValue
  public let hex: String

  init(record: JSONValue) {
    self.record = record
    hex = ContentDigest.of(Array("ccr.action/1\n\(record.canonical)".utf8)).hex
  }

  /// - Parameters:
  ///   - results: what is known of the instances upstream.
  ///   - isAdopted: whether a gathered result was adopted, or made from one that was; tables say so.
  ///   - file: digest of a file that pipeline.json names.
  /// - Returns: nil where something upstream is not known yet.
  static func of(
    _ instance: Instance, in plan: Plan, program: Programs.Program, originals: JSONValue?, results: (Int) -> StoredResult?,
    isAdopted: (Int) -> Bool, file: (String) throws -> String
  ) rethrows -> ActionKey? {
    var inputs: [JSONValue.Member] = []
    for input in instance.inputs {
      switch input.source {
      case .file(let path): inputs.append(.init(input.port, .string(try file(path))))
      case .instance(let number, let port):
        guard let digest = results(number)?.outputs[port] else { return nil }
        inputs.append(.init(input.port, .string(digest)))
      case .gathered(let list):
        var members: [JSONValue.Member] = []
        for (number, port) in list {
          guard let result = results(number) else { return nil }
          let source = plan.instances[number]
          if let absence = result.absence {
            members.append(.init(source.name, ["coordinates": .object(source.coordinates.values), "absence": .string(absence)]))
            continue
          }
          guard let digest = result.outputs[port] else { return nil }
          var member: [JSONValue.Member] = [
            .init("coordinates", .object(source.coordinates.values)), .init("action", .string(result.action)),
            .init("output", .string(digest)),
          ]
          if isAdopted(number) { member.append(.init("adopted", .bool(true))) }
          members.append(.init(source.name, .object(member)))
        }
        inputs.append(.init(input.port, .object(members)))
      }
    }
    let description = program.description
    var members: [JSONValue.Member] = [
      .init("stage", .string(description.name)), .init("version", .integer(description.version)),
      .init("program", .string(program.digest)), .init("parameters", instance.parameters), .init("inputs", .object(inputs)),
      .init("outputs", .array(instance.outputs.map(\.port).sorted().map(JSONValue.string))),
    ]
    for library in program.numericLibraries { members.append(.init(library.name, .string(library.file.hex))) }
    if let numericClass = description.numericClass { members.append(.init("numericClass", .string(numericClass))) }
    if let originals { members.append(.init("originals", originals)) }
    return ActionKey(record: .object(members))
  }
}
