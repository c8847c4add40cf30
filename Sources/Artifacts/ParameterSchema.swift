/// Settings that a stage has beside its common ones: those of each method of a catalogue. A common setting says which method it is.
public struct SettingVariants: Sendable, Hashable {
  public struct Variant: Sendable, Hashable {
    public let name: String
    public let settings: [SettingSchema]

    public init(name: String, settings: [SettingSchema]) { (self.name, self.settings) = (name, settings) }
  }

  /// The common setting, a string, whose value names the variant: `method`.
  public let selector: String
  public let variants: [Variant]

  public init(by selector: String, _ variants: [Variant]) { (self.selector, self.variants) = (selector, variants) }

  /// - Returns: nil where the JSON is not what `json` prints.
  public init?(_ json: JSONValue) {
    guard let selector = json["by"]?.string, let members = json["settings"]?.object else { return nil }
    self.selector = selector
    variants = members.map { Variant(name: $0.name, settings: ($0.value.array ?? []).compactMap(SettingSchema.init)) }
  }

  /// What `--describe` prints: `{"by": "method", "settings": {"kmeans": […], …}}`.
  public var json: JSONValue {
    ["by": .string(selector), "settings": .object(variants.map { .init($0.name, .array($0.settings.map(\.json))) })]
  }

  subscript(_ name: String) -> Variant? { variants.first { $0.name == name } }
}

/// All hyperparameters of a stage.
public struct ParameterSchema: Sendable {
  /// What can be wrong with a parameter object.
  public enum Fault: Hashable, Sendable {
    case unknown(String, nearest: String?)
    case illegal(String, complaint: String)
    case missing(String)
  }

  /// The common settings.
  public let settings: [SettingSchema]
  public let variants: SettingVariants?

  /// - Parameter variants: their selector becomes a common setting, where it is not one of them already.
  public init(_ settings: [SettingSchema], variants: SettingVariants? = nil) {
    self.variants = variants
    guard let variants, !settings.contains(where: { $0.name == variants.selector }) else {
      self.settings = settings
      return
    }
    let names = variants.variants.map { JSONValue.string($0.name) }
    self.settings = [SettingSchema(name: variants.selector, type: "string", help: "which of the \(names.count)", choices: names)] + settings
  }

  /// The variant that parameters name; nil where the stage has none, and where they name none that it has.
  public func variant(of parameters: JSONValue) -> SettingVariants.Variant? {
    variants.flatMap { variants in parameters[variants.selector]?.string.flatMap { variants[$0] } }
  }

  /// The settings that parameters must give: the common ones, and those of the variant that they name.
  public func settings(for parameters: JSONValue) -> [SettingSchema] { settings + (variant(of: parameters)?.settings ?? []) }

  /// Every leaf of the parameters by its dotted name; objects that are values of a setting stay whole.
  public func leaves(of parameters: JSONValue) -> [(name: String, value: JSONValue)] {
    let whole = Set(settings(for: parameters).map(\.name))
    func walk(_ value: JSONValue, _ path: String) -> [(name: String, value: JSONValue)] {
      guard let members = value.object, !whole.contains(path) else { return [(path, value)] }
      return members.flatMap { walk($0.value, path.isEmpty ? $0.name : "\(path).\($0.name)") }
    }
    return walk(parameters, "")
  }

  /// - Returns: the first parameter that is unknown, of another variant, of the wrong type or out of range, else the first that is missing;
  ///   nil where all is well. A variant that is not named, or does not exist, comes before all else.
  public func fault(in parameters: JSONValue) -> Fault? {
    if let variants, variant(of: parameters) == nil {
      guard let name = parameters[variants.selector] else { return .missing(variants.selector) }
      let choices = variants.variants.map { JSONValue.string($0.name) }
      let selector = SettingSchema(name: variants.selector, type: "string", help: "", choices: choices)
      return .illegal(variants.selector, complaint: selector.complaint(about: name) ?? "names nothing")
    }
    let known = settings(for: parameters)
    let byName = Dictionary(known.map { ($0.name, $0) }) { first, _ in first }
    var given: Set<String> = []
    for (name, value) in leaves(of: parameters) {
      guard let setting = byName[name] else { return stranger(name, parameters, known.map(\.name)) }
      if let complaint = setting.complaint(about: value) { return .illegal(name, complaint: complaint) }
      given.insert(name)
    }
    return known.first { !given.contains($0.name) }.map { .missing($0.name) }
  }

  /// A parameter that no setting has, or one of other variants only.
  private func stranger(_ name: String, _ parameters: JSONValue, _ known: [String]) -> Fault {
    let nearest = NearestSpelling.of(name, among: known)
    guard let variants, let variant = variant(of: parameters) else { return .unknown(name, nearest: nearest) }
    let owners = variants.variants.filter { $0.settings.contains { $0.name == name } }.map(\.name)
    if owners.isEmpty { return .unknown(name, nearest: nearest) }
    return .illegal(
      name,
      complaint: "is a setting of \(variants.selector) \(owners.joined(separator: ", ")), not of \(variant.name)"
        + (nearest.map { "; did you mean \"\($0)\"?" } ?? ""))
  }
}
