import Artifacts

/// The part of JSON Schema (draft 2020-12) that pipeline.schema.json uses; a keyword it does not know is a complaint.
struct JSONSchema {
  let root: JSONValue

  init(_ root: JSONValue) { self.root = root }

  private static let annotations: Set<String> = ["$schema", "title", "description", "$defs"]

  /// What is wrong with a document, nil where it fits.
  func complaint(_ value: JSONValue) -> String? { complaint(value, root, "") }

  private func complaint(_ value: JSONValue, _ schema: JSONValue, _ pointer: String) -> String? {
    for keyword in schema.object ?? [] where !Self.annotations.contains(keyword.name) {
      if let found = check(value, keyword, schema, pointer) { return found }
    }
    return nil
  }

  private func check(_ value: JSONValue, _ keyword: JSONValue.Member, _ schema: JSONValue, _ pointer: String) -> String? {
    func require(_ holds: Bool) -> String? { holds ? nil : "\(pointer): \(keyword.name) \(keyword.value.compact) refuses \(value.compact)" }
    let argument = keyword.value
    switch keyword.name {
    case "$ref":
      let name = argument.string?.split(separator: "/").last.map(String.init) ?? ""
      guard let definition = root["$defs"]?[name] else { return "the schema has no \(name)" }
      return complaint(value, definition, pointer)
    case "anyOf": return require((argument.array ?? []).contains { complaint(value, $0, pointer) == nil })
    case "if":
      guard complaint(value, argument, pointer) != nil else { return nil }
      return schema["else"].flatMap { complaint(value, $0, pointer) }
    case "else": return nil
    case "enum": return require((argument.array ?? []).contains(value))
    case "minimum": return require(value.double.map { $0 >= argument.double ?? 0 } ?? true)
    case "maximum": return require(value.double.map { $0 <= argument.double ?? 0 } ?? true)
    case "const": return require(value == argument)
    case "type":
      switch argument.string {
      case "object": return require(value.object != nil)
      case "array": return require(value.array != nil)
      case "string": return require(value.string != nil)
      case "integer": return require(value.integer != nil)
      case "number": return require(value.double != nil)
      case "boolean": return require(value.bool != nil)
      default: return "the schema names type \(argument.compact)"
      }
    case "required":
      guard value.object != nil else { return nil }
      return require((argument.array ?? []).allSatisfy { value[$0.string ?? ""] != nil })
    case "properties":
      for member in value.object ?? [] {
        if let inner = argument[member.name], let found = complaint(member.value, inner, "\(pointer)/\(member.name)") { return found }
      }
      return nil
    case "additionalProperties":
      for member in value.object ?? [] where schema["properties"]?[member.name] == nil {
        if argument == false { return "\(pointer): there is no key \(member.name)" }
        if let found = complaint(member.value, argument, "\(pointer)/\(member.name)") { return found }
      }
      return nil
    case "propertyNames":
      return (value.object ?? []).lazy.compactMap { complaint(.string($0.name), argument, pointer) }.first
    case "items":
      return (value.array ?? []).enumerated().lazy.compactMap { complaint($1, argument, "\(pointer)/\($0)") }.first
    case "minItems": return require(value.array.map { $0.count >= argument.integer ?? 0 } ?? true)
    case "minProperties": return require(value.object.map { $0.count >= argument.integer ?? 0 } ?? true)
    case "minLength": return require(value.string.map { $0.count >= argument.integer ?? 0 } ?? true)
    case "uniqueItems": return require(value.array.map { Set($0).count == $0.count } ?? true)
    case "exclusiveMinimum": return require(value.double.map { $0 > argument.double ?? 0 } ?? true)
    case "pattern":
      guard let text = value.string else { return nil }
      guard let pattern = try? Regex(argument.string ?? "") else { return "the schema has a bad pattern" }
      return require((try? pattern.firstMatch(in: text)) != nil)
    default: return "the schema uses \(keyword.name)"
    }
  }
}
