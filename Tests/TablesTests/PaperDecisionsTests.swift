import Artifacts
import Foundation
import Tables
import Testing

/// `docs/paper-decisions.md` against `pipeline.json`.
@Suite("Decisions on the paper's ambiguities")
struct PaperDecisionsTests {
  private func lines() throws -> [[String]] {
    let path = Fixtures.root.appending(path: "docs/paper-decisions.md").path
    return String(decoding: try AtomicFile.read(path), as: UTF8.self).split(separator: "\n").filter { $0.hasPrefix("| ") }
      .map { $0.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) } }
  }

  @Test("each of the 34 has one line")
  func complete() throws {
    var found: [Int] = []
    for fields in try lines() {
      #expect(fields.count == 4, "\(fields)")
      for part in fields[0].split(separator: ",") {
        let ends = part.split(separator: "–").compactMap { Int($0.drop { !$0.isNumber }) }
        if let first = ends.first, let last = ends.last { found += first...last }
      }
    }
    #expect(found.sorted() == Array(1...34))
  }

  /// What the last of the rules that name these conditions says.
  private func value(_ path: [String], _ conditions: [String: String] = [:]) throws -> JSONValue? {
    try Fixtures.pipeline()["settings"]?.array?.filter { rule in
      (rule["where"]?.object ?? []).allSatisfy { member in conditions[member.name].map { member.value == .string($0) } ?? false }
    }.compactMap { rule in path.reduce(rule as JSONValue?) { $0?[$1] } }.last
  }

  @Test("what they say of settings is what pipeline.json has")
  func settings() throws {
    #expect(try value(["train", "learningRate"])?.double == 0.003)
    #expect(try value(["train", "learningRate"], ["method": "dcdc"])?.double == 0.001)
    #expect(try value(["train", "temperatureInside"])?.bool == true && value(["train", "balanceWeight"])?.double == 1)
    #expect(try value(["train", "relationReduction"])?.string == "sum" && value(["let", "repeats"])?.integer == 3)
    #expect(try value(["train", "relationWeight"], ["method": "dcdc"])?.double == 0)
    #expect(try value(["train", "relationWeight"], ["method": "ccr-irl-crl"])?.double == 0)
    #expect(try value(["train", "learningRate"], ["method": "ccr-irl-crl"])?.double == 0.003)
    for (dataset, clusters, heads, batch) in [
      ("cifar-10", 10, 128, 50), ("cifar-100", 20, 128, 200), ("stl-10", 10, 128, 50), ("tiny-imagenet", 200, 700, 350),
    ] {
      #expect(try value(["let", "clusters"], ["dataset": dataset])?.integer == clusters)
      #expect(try value(["let", "overClusters"], ["dataset": dataset])?.integer == heads)
      #expect(try value(["let", "batch"], ["dataset": dataset])?.integer == batch)
      #expect(
        try value(["let", "resize"], ["dataset": dataset])?.integer ?? 0 > value(["let", "size"], ["dataset": dataset])?.integer ?? 0)
    }
    for (dataset, heads, batch) in [("cifar-10", 70, 50), ("cifar-100", 70, 200), ("stl-10", 70, 100), ("tiny-imagenet", 700, 300)] {
      #expect(try value(["let", "dcdcOverClusters"], ["dataset": dataset])?.integer == heads)
      #expect(try value(["let", "batch"], ["dataset": dataset, "method": "dcdc"])?.integer == batch)
    }
    #expect(try value(["let", "heads"], ["method": "dcdc"]) == ["$dcdcOverClusters", "$clusters"])
    // Of pictures of one's own, one number says it for all methods.
    #expect(try value(["let", "dcdcOverClusters"], ["dataset": "pictures"]) == "$overClusters")
    #expect(try value(["let", "sobel"])?.bool == true && value(["let", "sobel"], ["profile": "quick"])?.bool == false)
    for conditions in [["dataset": "fashion-mnist"], ["dataset": "fashion-mnist", "profile": "quick"]] {
      #expect(try value(["let", "resize"], conditions) == value(["let", "size"], conditions))
    }
    #expect(try value(["let", "rotation"], ["dataset": "fashion-mnist"])?.double == 25)
    #expect(try value(["let", "cropScale"], ["dataset": "fashion-mnist"]) == [0.5, 1])
    #expect(try value(["tsne", "exaggeration"])?.double == 12 && value(["tsne", "exaggerationIterations"])?.integer == 250)
  }
}
