import Artifacts
import Foundation

/// A random pipeline of one toy program: stages that read from earlier ones, with axes, gatherings, rules and exclusions, drawn from a seed.
enum RandomStudy {
  /// One program for all stages: it writes its settings and whatever its inputs hold.
  static let program = #"""
    #!/bin/sh
    if [ "$1" = --describe ]; then
      echo '{"name": "any", "version": 1, "inputs": [{"name": "a", "optional": true}, {"name": "b", "optional": true}],'
      echo '"gathered": [{"name": "all", "optional": true}], "outputs": [{"name": "out"}],'
      echo '"settings": [{"name": "n", "type": "integer"}, {"name": "stage", "type": "string"}, {"name": "seed", "type": "any"}], "usesBLAS": false}'
      exit
    fi
    grep -m 1 -o '"instance": "[^"]*"' "$2" >> "$CCR_DATA/executed"
    out="$(grep -o '"out": "[^"]*"' "$2" | tail -n 1 | cut -d'"' -f4)"
    { grep -o '"n": [0-9]*\|"stage": "[^"]*"\|"seed": [0-9]*' "$2"; grep -o '"[^"]*/cas/[^"]*"' "$2" | tr -d '"' | xargs -r cat | sha256sum; } > "$out"
    """#

  /// - Parameter change: a number of the settings of one stage, so that what follows from it changes.
  static func pipeline(_ random: inout Rounds.Random, change: Int) -> JSONValue {
    let axes = ["p", "q", "r"].prefix(Int.random(in: 1...3, using: &random))
    let values = axes.map { axis in JSONValue.Member(axis, .array((0..<Int.random(in: 1...3, using: &random)).map(JSONValue.integer))) }
    var stages: [JSONValue.Member] = []
    var ofStage: [[String]] = []
    let count = Int.random(in: 2...6, using: &random)
    for number in 0..<count {
      let own = axes.filter { _ in Bool.random(using: &random) }
      var inputs: [JSONValue.Member] = []
      // A single input needs a producer that is fixed by the coordinates: one of no more axes.
      let narrower = ofStage.indices.filter { Set(ofStage[$0]).isSubset(of: own) }
      for port in ["a", "b"] where Int.random(in: 0..<3, using: &random) > 0 {
        if let producer = narrower.randomElement(using: &random) { inputs.append(.init(port, .string("s\(producer).out"))) }
      }
      if number > 0, Int.random(in: 0..<3, using: &random) == 0 {
        inputs.append(.init("all", ["gather": .string("s\(Int.random(in: 0..<number, using: &random)).out")]))
      }
      ofStage.append(Array(own))
      stages.append(
        .init(
          "s\(number)",
          [
            "program": "./any", "matrix": .object(own.map { .init($0, "*") }), "inputs": .object(inputs), "outputs": ["out": "out.txt"],
          ]))
    }
    let used = values.filter { value in ofStage.contains { $0.contains(value.name) } }
    let changed = Int.random(in: 0..<count, using: &random)
    var exclude: [JSONValue.Member] = []
    if let axis = used.randomElement(using: &random), let value = axis.value.array, value.count > 1, Bool.random(using: &random) {
      exclude = [.init("exclude", .array([.object([.init(axis.name, value[0])])]))]
    }
    let settings = (0..<count).map { number in
      JSONValue.Member(
        "s\(number)",
        ["n": .integer(number == changed ? change : number % 2), "stage": .string("s\(number)"), "seed": .integer(7)])
    }
    return [
      "pipeline": 1, "profiles": ["quick": .object([.init("axes", .object(used))] + exclude)], "stages": .object(stages),
      "settings": .array([.object(settings)]),
    ]
  }
}
