import Artifacts

/// The JSON Schema of pipeline.json: the form of the file, and of each stage and method the settings that its program declares, so that an
/// editor offers names, ranges and help.
///
/// Whether names, values and programs agree the schema does not say: `ccr plan` does.
struct PipelineSchema {
  /// Stages in the order of the pipeline, with what their programs say.
  let stages: [(stage: Pipeline.Stage, schema: ParameterSchema)]

  /// - Throws: `JSONError`, where the base is no JSON.
  func json() throws -> JSONValue {
    let base = try JSONValue.parse(PipelineSchemaBase.text, file: "the base of the schema")
    let rule = base["$defs"]?["settingsRule"] ?? .object([])
    let properties = (rule["properties"]?.object ?? []) + stages.map { .init($0.stage.name, settings(all($0.schema), $0.stage.name)) }
    let methods = stages.filter { $0.stage.matrix.contains { $0.values.contains(.entries(.methods)) } }
    let names = methods.map { JSONValue.string($0.stage.name) }
    let own: [JSONValue.Member] = [
      .init("title", described("What tables and figures call it.", ["type": "string", "minLength": 1])),
      .init("stage", described("The stage that runs it.", ["enum": .array(names)])),
      .init("like", described("Another method, whose members it has where it says nothing else.", ["type": "string", "minLength": 1])),
      .init("algorithm", described("Its name in the catalogue of the program; its own name where this is not said.", ["type": "string"])),
    ]
    let hyperparameters = settings(methods.flatMap { all($0.schema) }, nil)["anyOf"]?.array?.first?["properties"]?.object ?? []
    let method: JSONValue = ["type": "object", "properties": .object(own + hyperparameters)]
    let definitions = (base["$defs"]?.object ?? []).map { member in
      member.name == "settingsRule" ? .init(member.name, rule.replacing("properties", .object(properties))) : member
    }
    return base.replacing("$defs", .object(definitions + [.init("method", method)]))
  }

  /// Every setting once, with the variants that have it, nil for a common one.
  private func all(_ schema: ParameterSchema) -> [(setting: SettingSchema, variants: [String]?)] {
    var result: [(setting: SettingSchema, variants: [String]?)] = schema.settings.map { ($0, nil) }
    for variant in schema.variants?.variants ?? [] {
      for setting in variant.settings {
        if let at = result.firstIndex(where: { $0.setting == setting && $0.variants != nil }) {
          result[at].variants?.append(variant.name)
        } else {
          result.append((setting, [variant.name]))
        }
      }
    }
    return result
  }

  /// An object of settings; dotted names are members of objects.
  /// - Parameter stage: whose, where all of them are known; nil for methods, of which more can be said.
  private func settings(_ all: [(setting: SettingSchema, variants: [String]?)], _ stage: String?) -> JSONValue {
    func object(_ settings: [(path: ArraySlice<Substring>, schema: JSONValue)]) -> JSONValue {
      let names = settings.compactMap(\.path.first).unique
      let members = names.map { name -> JSONValue.Member in
        let here = settings.filter { $0.path.first == name }
        let inner = here.filter { $0.path.count > 1 }.map { (path: $0.path.dropFirst(), schema: $0.schema) }
        let leaves = here.filter { $0.path.count == 1 }.map(\.schema)
        if inner.isEmpty { return .init(String(name), leaves.count == 1 ? leaves[0] : ["anyOf": .array(leaves)]) }
        return .init(String(name), object(inner))
      }
      return ["anyOf": [.object([.init("type", "object"), .init("properties", .object(members))]), ["$ref": "#/$defs/constant"]]]
    }
    return object(all.map { ($0.setting.name.split(separator: ".")[...], schema(of: $0.setting, $0.variants)) })
  }

  private func schema(of setting: SettingSchema, _ variants: [String]?) -> JSONValue {
    let legal = setting.legalValues.map { " (\($0))" } ?? ""
    let help = (variants.map { "\($0.joined(separator: ", ")): " } ?? "") + setting.help + legal
    if setting.type == "any" { return ["description": .string(help)] }
    let element = setting.type.hasPrefix("array of ") ? String(setting.type.dropFirst("array of ".count)) : nil
    var members: [JSONValue.Member] = [.init("type", .string(element ?? setting.type))]
    if element ?? setting.type == "any" { members = [] }
    if let minimum = setting.minimum { members.append(.init("minimum", .number(minimum))) }
    if let maximum = setting.maximum { members.append(.init("maximum", .number(maximum))) }
    if !setting.choices.isEmpty { members.append(.init("enum", .array(setting.choices))) }
    let constant: JSONValue = ["$ref": "#/$defs/constant"]
    let value = element == nil ? JSONValue.object(members) : ["type": "array", "items": ["anyOf": [.object(members), constant]]]
    return ["description": .string(help), "anyOf": [value, constant]]
  }

  private func described(_ text: String, _ schema: JSONValue) -> JSONValue {
    .object([.init("description", .string(text))] + (schema.object ?? []))
  }
}

extension JSONValue {
  /// The object with another value for a member.
  fileprivate func replacing(_ name: String, _ value: JSONValue) -> JSONValue {
    .object((object ?? []).map { $0.name == name ? .init(name, value) : $0 })
  }
}

extension Study {
  /// pipeline.schema.json, made from what the programs say of themselves.
  public func schema() throws -> JSONValue {
    try PipelineSchema(stages: pipeline.stages.map { ($0, try programs.program($0.program).description.schema) }).json()
  }
}
