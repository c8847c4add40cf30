import Artifacts
import Testing

@Suite("Schema of settings")
struct SettingSchemaTests {
  private let schema = ParameterSchema([
    SettingSchema(name: "epochs", type: "integer", help: "", range: 1...10),
    SettingSchema(name: "network.widths", type: "array of integer", help: "", range: 1...4096),
    SettingSchema(name: "method", type: "string", help: "", choices: ["kmeans", "ac"]),
    SettingSchema(name: "layout", type: "any", help: ""),
  ])

  @Test("what fits has no fault; values of type any stay whole")
  func good() {
    let parameters: JSONValue = ["epochs": 5, "network": ["widths": [1, 2]], "method": "ac", "layout": ["title": ["a": 1]]]
    #expect(schema.fault(in: parameters) == nil)
    #expect(schema.leaves(of: parameters).map(\.name) == ["epochs", "network.widths", "method", "layout"])
  }

  private static let faulty: [(JSONValue, ParameterSchema.Fault)] = [
    (["epocs": 5], .unknown("epocs", nearest: "epochs")),
    (["epochs": 5.5], .illegal("epochs", complaint: "must be integer, not 5.5")),
    (["epochs": .number(1e300)], .illegal("epochs", complaint: "must be integer, not 1e+300")),
    (["epochs": 11], .illegal("epochs", complaint: "must be 1 to 10, not 11")),
    (["network": ["widths": [1, 0]]], .illegal("network.widths", complaint: "must be 1 to 4096, not 0")),
    (["network": ["widths": 5]], .illegal("network.widths", complaint: "must be array of integer, not 5")),
    (["method": "kmean"], .illegal("method", complaint: "must be one of kmeans, ac, not \"kmean\"; did you mean \"kmeans\"?")),
    (["epochs": 5], .missing("network.widths")),
  ]

  @Test("every other thing is a fault with words")
  func faults() {
    for (parameters, fault) in Self.faulty { #expect(schema.fault(in: parameters) == fault) }
  }

  @Test("what is printed is read again")
  func roundTrip() { for setting in schema.settings { #expect(SettingSchema(setting.json) == setting) } }
}
