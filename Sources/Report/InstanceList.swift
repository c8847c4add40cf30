import Artifacts
import Workflow

/// Every instance: state, time, memory, key and inputs. Rows are short, so that thousands stay within the size of a page.
struct InstanceList {
  let record: StudyRecord

  /// So many are listed; whoever has more looks into provenance.json.
  private static let most = 15_000
  /// So many inputs are listed of one instance.
  private static let inputs = 6

  private static let states: [Standing.State: String] = [
    .hit: "done", .publish: "done, copy missing", .run: "missing", .maybe: "missing", .failed: "failed", .running: "running",
  ]

  var html: String {
    let shown = record.entries.prefix(Self.most)
    let heads = [
      ("#", "number"), ("Instance", "text"), ("State", "text"), ("Seconds", "number"), ("CPU seconds", "number"), ("Peak MiB", "number"),
      ("Key", "text"), ("Inputs", "text"),
    ].map { "<th scope=\"col\" data-kind=\"\($0.1)\"\($0.1 == "text" ? " class=\"left\"" : "")>\($0.0)</th>" }.joined()
    // Closing tags of rows and cells are left out, as HTML allows.
    let rows = shown.map { entry in
      let state = entry.standing.isAbsent ? "no result" : Self.states[entry.standing.state] ?? ""
      let reason = entry.standing.reason.isEmpty ? "" : " title=\"\(MarkupText.escaped(entry.standing.reason))\""
      return "<tr><td>\(entry.number)<td class=left>\(MarkupText.escaped(entry.instance.name))<td class=left\(reason)>"
        + (entry.standing.hasResult ? state : "<b class=bad>\(state)</b>")
        + "<td>\(entry.seconds.map { HTMLText.fixed($0, 1) } ?? "")<td>\(entry.cpuSeconds.map { HTMLText.fixed($0, 1) } ?? "")"
        + "<td>\(entry.peakBytes.map { "\($0 >> 20)" } ?? "")<td class=key>\(entry.standing.action?.prefix(12) ?? "")<td class=left>\(Self.inputs(entry))\n"
    }
    let rest = record.entries.count - shown.count
    return
      "<div class=\"search\"><label for=\"search\">Search</label><input type=\"search\" id=\"search\" placeholder=\"train ccr seed=0\">"
      + "<span id=\"shown\" role=\"status\" class=\"faint\"></span></div>\n"
      + "<details\(record.entries.count <= 400 ? " open" : "")><summary>\(HTMLText.thousands(record.entries.count)) instances</summary>\n"
      + (rest > 0 ? "<p>\(HTMLText.thousands(rest)) more are listed in provenance.json only.</p>\n" : "")
      + "<div class=\"wide\"><table id=\"instances\"><thead><tr>\(heads)</tr></thead>\n<tbody>\n\(rows.joined())</tbody></table></div></details>\n"
  }

  private static func inputs(_ entry: StudyRecord.Entry) -> String {
    var numbers: [Int] = []
    for number in entry.instance.upstream where !numbers.contains(number) {
      if numbers.count == inputs { return numbers.map(String.init).joined(separator: " ") + " …" }
      numbers.append(number)
    }
    return numbers.map(String.init).joined(separator: " ")
  }

  /// The same as data, in columns.
  var json: JSONValue {
    guard record.entries.count <= Self.most else { return "see provenance.json" }
    let rows = record.entries.map { entry -> JSONValue in
      let numbers = [entry.seconds.map { ($0 * 10).rounded() / 10 }, entry.cpuSeconds.map { ($0 * 10).rounded() / 10 }].map {
        $0.map(JSONValue.number) ?? .null
      }
      return .array(
        [.integer(entry.number), .string(entry.instance.name), .string(entry.standing.state.rawValue)] + numbers
          + [entry.peakBytes.map { .integer($0 >> 20) } ?? .null, entry.standing.action.map { .string(String($0.prefix(12))) } ?? .null])
    }
    return ["columns": ["number", "instance", "state", "seconds", "cpuSeconds", "peakMiB", "key"], "rows": .array(rows)]
  }
}
