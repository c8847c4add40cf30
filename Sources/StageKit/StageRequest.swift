import Artifacts

/// One result among many that a gathered port takes.
public struct GatheredInput: Sendable {
  /// The instance that made it, such as `evaluate[dataset=fashion-mnist,method=ccr,seed=0]`.
  public let instance: String
  /// The instance's coordinates by axis.
  public let coordinates: [String: JSONValue]
  /// The action key it was made under.
  public let action: String
  /// The digest of its content.
  public let output: String
  public let path: String
  /// Whether it, or anything it was made from, was taken over from a result of another program on evidence, and not executed.
  public let isAdopted: Bool

  public init(instance: String, coordinates: [String: JSONValue], action: String, output: String, path: String, isAdopted: Bool = false) {
    self.isAdopted = isAdopted
    self.instance = instance
    self.coordinates = coordinates
    self.action = action
    self.output = output
    self.path = path
  }
}

/// An instance that gave no result where one would be gathered: its training diverged.
public struct AbsentInput: Sendable {
  public let instance: String
  public let coordinates: [String: JSONValue]
  /// Why, in words.
  public let reason: String
}

/// What a stage is asked to do: the content of `request.json`, or of the flags when called by hand.
struct StageRequest: Sendable {
  var inputs: [String: String] = [:]
  var gathered: [String: [GatheredInput]] = [:]
  var absent: [String: [AbsentInput]] = [:]
  var outputs: [String: String] = [:]
  var parameters: JSONValue = .object([])
  var threads = 1
  var checkpoint: String?
  /// What each input is, where the runner says so: "features of embed[…]".
  var producers: [String: String] = [:]

  init() {}

  /// Reads a `request.json`.
  /// - Throws: `FileError`, `JSONError`, `StageError`.
  init(file: String) throws {
    let root = try JSONValue.read(file)
    func paths(_ member: String) throws(StageError) -> [String: String] {
      var paths: [String: String] = [:]
      for port in root[member]?.object ?? [] {
        guard let path = port.value.string else { throw .malformedRequest(file, "\(member).\(port.name) is no path") }
        paths[port.name] = path
      }
      return paths
    }
    inputs = try paths("inputs")
    outputs = try paths("outputs")
    for port in root["gathered"]?.object ?? [] {
      gathered[port.name] = try (port.value.array ?? []).map { element throws(StageError) in
        guard let instance = element["instance"]?.string, let action = element["action"]?.string,
          let output = element["output"]?.string, let path = element["path"]?.string, let coordinates = element["coordinates"]?.object
        else { throw .malformedRequest(file, "gathered.\(port.name) lacks instance, coordinates, action, output or path") }
        return GatheredInput(
          instance: instance, coordinates: Dictionary(coordinates.map { ($0.name, $0.value) }) { $1 }, action: action, output: output,
          path: path, isAdopted: element["adopted"]?.bool ?? false)
      }
    }
    for port in root["absent"]?.object ?? [] {
      absent[port.name] = try (port.value.array ?? []).map { element throws(StageError) in
        guard let instance = element["instance"]?.string, let coordinates = element["coordinates"]?.object,
          let reason = element["reason"]?.string
        else { throw .malformedRequest(file, "absent.\(port.name) lacks instance, coordinates or reason") }
        return AbsentInput(instance: instance, coordinates: Dictionary(coordinates.map { ($0.name, $0.value) }) { $1 }, reason: reason)
      }
    }
    guard let parameters = root["parameters"], parameters.object != nil else {
      throw StageError.malformedRequest(file, "parameters are missing")
    }
    self.parameters = parameters
    threads = root["threads"]?.integer ?? 1
    checkpoint = root["checkpoint"]?.string
    producers = Dictionary((root["producers"]?.object ?? []).map { ($0.name, $0.value.string ?? "") }) { $1 }
  }

  /// A text for people, with the instances that made the inputs in place of their paths in the store, which say nothing.
  func naming(_ text: String) -> String {
    var names = inputs.compactMap { port, path in producers[port].map { (path, "the \($0)") } }
    names += gathered.flatMap { port, list in list.map { ($0.path, "the \(port) of \($0.instance)") } }
    return names.reduce(text) { $0.replacing($1.0, with: $1.1) }
  }

  /// Sets one parameter by its dotted name, making the objects on its way.
  mutating func set(_ name: String, _ value: JSONValue) {
    func put(_ path: ArraySlice<Substring>, into object: JSONValue) -> JSONValue {
      guard let first = path.first else { return value }
      var members = object.object ?? []
      let inner = put(path.dropFirst(), into: object[String(first)] ?? .object([]))
      members.removeAll { $0.name == first }
      members.append(.init(String(first), inner))
      return .object(members)
    }
    parameters = put(name.split(separator: ".")[...], into: parameters)
  }
}
