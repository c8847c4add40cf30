import Artifacts
import TestSupport
import Testing
import Workflow

/// A stage program with a catalogue of methods: each has settings of its own beside those of all.
@Suite(.waiting)
struct VariantTests {
  /// The toys, whose `score` has the methods `x` with a setting `power` and `y` with `radius`.
  private func study(_ x: String, _ y: String) throws -> ToyStudy {
    let study = try ToyStudy()
    func integer(_ name: String) -> JSONValue { ["name": .string(name), "type": "integer", "minimum": 1] }
    try study.program(
      "score", inputs: ["made"], settings: [("weight", "integer"), ("method", "string")],
      variants: ["by": "method", "settings": ["x": [integer("power")], "y": [integer("radius")]]],
      writes: #"echo "score $(number weight)"; cat "$(field made)""#)
    try study.edit("\"score\": {\"weight\": 1},", "\"score\": {\"weight\": 1, \"method\": \"$method\"},")
    try study.edit(
      "{\"where\": {\"method\": \"y\"}, ",
      "{\"where\": {\"method\": \"x\"}, \"score\": \(x)},\n    {\"where\": {\"method\": \"y\"}, \"score\": \(y), ")
    return study
  }

  @Test func everyMethodHasItsOwnSettings() throws {
    let plan = try study("{\"power\": 2}", "{\"radius\": 3}").study().plan
    func parameters(_ method: String) -> JSONValue? {
      plan.instances.first { $0.name == "score[dataset=a,method=\(method),seed=0]" }?.parameters
    }
    #expect(parameters("x") == ["weight": 1, "method": "x", "power": 2])
    #expect(parameters("y") == ["weight": 1, "method": "y", "radius": 3])
  }

  @Test(arguments: [
    ("{\"powre\": 2}", "stage score with method x has no setting \"powre\"; did you mean \"power\"?", "/settings/1/score/powre"),
    (
      "{\"power\": 2, \"radius\": 2}", "setting \"radius\" of score[dataset=a,method=x,seed=0] is a setting of method y, not of x",
      "/settings/1/score/radius"
    ),
    ("{\"power\": 0}", "must be at least 1, not 0", "/settings/1/score/power"), ("{}", "setting \"power\" of score[", "/settings"),
    ("{\"power\": 1, \"method\": \"z\"}", "must be one of x, y, not \"z\"", "/settings/1/score/method"),
  ])
  func mistakesAreRefusedAtTheirPlace(_ x: String, words: String, pointer: String) throws {
    let output = try study(x, "{\"radius\": 3}").ccr("plan")
    #expect(output.code == 2)
    #expect(output.error.contains(words) && output.error.contains("(\(pointer))"), "\(output.error)")
  }
}
