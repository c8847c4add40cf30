import Artifacts
import Workflow

/// What a reader should know before believing a number: what stages said, what was not checked, clusters that are empty, numbers that are none.
struct ReportWarnings {
  private let study: Study
  private let record: StudyRecord

  init(_ study: Study, _ record: StudyRecord) {
    self.study = study
    self.record = record
  }

  var html: String {
    get throws {
      let items = try texts.map { text, names in
        let named = names.prefix(3).map { "<code>\(MarkupText.escaped($0))</code>" }.joined(separator: ", ")
        return
          "<li>\(MarkupText.escaped(text)) <span class=\"faint\">\(named)\(names.count > 3 ? " and \(names.count - 3) more" : "")</span></li>\n"
      }
      return "<section id=\"warnings\">\n<h2>Warnings</h2>\n"
        + (items.isEmpty ? "<p>None.</p>\n" : "<ul>\n\(items.joined())</ul>\n") + "</section>\n"
    }
  }

  /// Equal warnings once, with the instances they are of.
  private var texts: [(text: String, instances: [String])] {
    get throws {
      var order: [String] = []
      var instances: [String: [String]] = [:]
      func add(_ text: String, _ instance: String) {
        if instances[text] == nil { order.append(text) }
        instances[text, default: []].append(instance)
      }
      for entry in record.entries {
        let name = entry.instance.name
        for warning in entry.warnings { add(warning, name) }
        if entry.instance.parameters["verify"]?.bool == false {
          add("The original files were not held against official checksums (verify: false):", name)
        }
        if entry.standing.state == .failed { add("Failed: \(entry.standing.reason)", name) }
        if entry.standing.hasResult, entry.provenance == nil { add("Its provenance was altered after it was written:", name) }
        guard let path = try study.output("scores", of: entry), let scores = try? Scores.read(path) else { continue }
        let empty = scores.confusion.count { $0.allSatisfy { $0 == 0 } }
        if empty > 0, scores.images > 0 { add("\(empty) of \(scores.confusion.count) clusters are empty at the last epoch:", name) }
      }
      for text in study.warnings { add(text, study.pipeline.path.split(separator: "/").last.map(String.init) ?? "") }
      return order.map { ($0, instances[$0] ?? []) }
    }
  }
}
