import Artifacts
import Testing

@Suite("Settings of each method of a catalogue")
struct ParameterSchemaTests {
  private let schema = ParameterSchema(
    [SettingSchema(name: "seed", type: "integer", help: "", range: 0...9)],
    variants: SettingVariants(
      by: "method",
      [
        .init(name: "kmeans", settings: [SettingSchema(name: "restarts", type: "integer", help: "", range: 1...10)]),
        .init(
          name: "spectral",
          settings: [
            SettingSchema(name: "neighbours", type: "integer", help: ""), SettingSchema(name: "eigen.restarts", type: "integer", help: ""),
          ]),
        .init(name: "mean", settings: []),
      ]))

  @Test("the settings are the common ones and those of the method named, which becomes one itself")
  func union() {
    let spectral: JSONValue = ["method": "spectral", "seed": 1, "neighbours": 5, "eigen": ["restarts": 2]]
    #expect(schema.fault(in: spectral) == nil)
    #expect(schema.settings(for: spectral).map(\.name) == ["method", "seed", "neighbours", "eigen.restarts"])
    #expect(schema.fault(in: ["method": "kmeans", "seed": 1, "restarts": 2]) == nil)
    #expect(schema.fault(in: ["method": "mean", "seed": 1]) == nil)
  }

  private static let faulty: [(JSONValue, ParameterSchema.Fault)] = [
    (["seed": 1], .missing("method")),
    (
      ["method": "kmean", "seed": 1],
      .illegal("method", complaint: "must be one of kmeans, spectral, mean, not \"kmean\"; did you mean \"kmeans\"?")
    ),
    (["method": 3], .illegal("method", complaint: "must be string, not 3")),
    (["method": "kmeans", "seed": 1, "restart": 2], .unknown("restart", nearest: "restarts")),
    (["method": "kmeans", "seed": 1, "restarts": 11], .illegal("restarts", complaint: "must be 1 to 10, not 11")),
    (["method": "kmeans", "seed": 1], .missing("restarts")),
    (
      ["method": "spectral", "seed": 1, "restarts": 2],
      .illegal("restarts", complaint: "is a setting of method kmeans, not of spectral")
    ),
    (
      ["method": "kmeans", "seed": 1, "eigen": ["restarts": 2]],
      .illegal("eigen.restarts", complaint: "is a setting of method spectral, not of kmeans; did you mean \"restarts\"?")
    ),
    (["method": "mean", "seed": 1, "neighbors": 2], .unknown("neighbors", nearest: nil)),
  ]

  @Test("an unknown method, and a setting that is unknown, missing, out of range or another method's, are refused in words")
  func faults() {
    for (parameters, fault) in Self.faulty { #expect(schema.fault(in: parameters) == fault) }
  }

  @Test("what is printed is read again")
  func roundTrip() {
    #expect(schema.variants.flatMap { SettingVariants($0.json) } == schema.variants)
    #expect(SettingVariants(["by": 5]) == nil)
  }
}
