import Artifacts
import Foundation
import TestSupport
import Testing
import Workflow

/// `report.html` in headless Chromium, as a person opens it from disk. Serial: a browser uses both cores.
///
/// With CCR_REPORT=FILE.html CCR_SCREENSHOTS=FOLDER also takes pictures of that report, to be looked at.
@Suite(.waiting, .serialized, .enabled(if: Browser.path != nil, "there is no Chromium: apt-get install chromium"))
struct ReportPageTests {
  private let folder = FileManager.default.temporaryDirectory.resolvingSymlinksInPath().path + "/ccr-page-\(UUID().uuidString)"

  /// A study whose programs hand out what the test wrote: 12 trainings with scores, a table of them, a figure.
  private func prepare(hostile: String = "") throws {
    try FileManager.default.createDirectory(atPath: "\(folder)/given", withIntermediateDirectories: true)
    func program(_ name: String, ports: [String]) throws {
      let outputs = ports.map { "{\"name\": \"\($0)\", \"optional\": true}" }.joined(separator: ", ")
      let script = #"""
        #!/bin/sh
        if [ "$1" = --describe ]; then
          echo '{"name": "NAME", "version": 1, "inputs": [{"name": "in", "optional": true}], "gathered": [{"name": "scores", "optional": true}],'
          echo '"outputs": [OUTPUTS], "settings": [], "usesBLAS": false}'
          exit
        fi
        [ NAME = train ] && echo '{"event": "warning", "message": "MESSAGE"}' >&3
        grep -o '"[a-z]*": "[^"]*/attempts/[^"]*"' "$2" | cut -d'"' -f4 | while read -r out; do
          case "$out" in *log.txt|*checkpoints*) continue;; esac
          cp "GIVEN/$(basename "$out")" "$out"
        done
        """#
        .replacing("NAME", with: name).replacing("OUTPUTS", with: outputs).replacing("GIVEN", with: "\(folder)/given")
        .replacing("MESSAGE", with: "3 pictures were left out")
      try AtomicFile.write(script + "\n", to: "\(folder)/\(name)")
      chmod("\(folder)/\(name)", 0o755)
    }
    try program("train", ports: ["weights"])
    try program("evaluate", ports: ["note"])
    try program("tabulate", ports: ["json", "svg", "picture"])
    try AtomicFile.write("w", to: "\(folder)/given/weights.bin")
    try AtomicFile.write("n", to: "\(folder)/given/note.txt")
    let drawing = """
      <?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" width="300" height="100" viewBox="0 0 300 100">
      <title>Two bars, \(hostile.replacing("&", with: "&amp;").replacing("<", with: "&lt;"))</title>
      <g id="a"><rect fill="#bd1f01" x="10" y="10" width="40" height="80"><title>one: 0.8</title></rect></g></svg>
      """
    try AtomicFile.write(drawing, to: "\(folder)/given/figure5.svg")
    try PNGImage(width: 2, height: 1, pixels: [1, 2, 3, 4, 5, 6]).write(to: "\(folder)/given/figure5.png")
    try AtomicFile.write(table(hostile).pretty, to: "\(folder)/given/table1.json")
    let pipeline: JSONValue = [
      "pipeline": 1, "profiles": ["quick": ["axes": ["seed": [0, 1, 2, 3, 4, 5]]]],
      "stages": [
        "train": ["program": "./train", "matrix": ["method": ["x", "y"], "seed": "*"], "outputs": ["weights": "weights.bin"]],
        "evaluate": [
          "program": "./evaluate", "matrix": ["method": "train", "seed": "*"], "inputs": ["in": "train.weights"],
          "outputs": ["note": "note.txt"],
        ],
        "tabulate": [
          "program": "./tabulate", "matrix": ["output": ["table1", "figure5"]], "inputs": ["scores": ["gather": "evaluate.note"]],
          "outputs": [
            ["where": ["output": "table1"], "json": "table1.json"],
            ["where": ["output": "figure5"], "svg": "figure5.svg", "picture": "figure5.png"],
          ], "publish": "tables/$profile",
        ],
      ], "settings": [],
    ]
    try AtomicFile.write(pipeline.pretty, to: "\(folder)/pipeline.json")
  }

  private func table(_ hostile: String) -> JSONValue {
    func cell(_ row: String, _ method: String, _ metric: String, _ mean: Double) -> JSONValue {
      let seeds = (0..<6).map(JSONValue.integer)
      return [
        "row": .string(row), "dataset": "d", "metric": .string(metric), "mean": .number(mean), "std": 0.01, "interval": [0.5, 0.7],
        "best": 0.7, "seeds": .array(seeds), "values": .array((0..<6).map { .number(mean + Double($0) / 1000) }),
        "published": metric == "ACC" ? 0.5 : .null, "footnote": metric == "ACC" ? "a" : .null,
        "sources": .array(
          (0..<6).map { ["instance": .string("evaluate[method=\(method),seed=\($0)]"), "action": "a", "output": .string("hash\($0)")] }),
      ]
    }
    let rows = [("First\(hostile)", "x"), ("Second", "y")]
    return [
      "table": "table1", "profile": "quick", "title": .string("A table \(hostile)"),
      "columns": [["dataset": "d", "label": .string("Set \(hostile)"), "published": "p", "publishedLabel": "P"]],
      "cells": .array(rows.flatMap { row in ["ACC", "NMI"].map { cell(row.0, row.1, $0, row.1 == "x" ? 0.6 : 0.5) } }),
      "comparisons": [
        [
          "row": .string(rows[0].0), "against": "Second", "dataset": "d", "metric": "ACC", "seeds": [0, 1, 2, 3, 4, 5],
          "differences": [0.1, 0.1, 0.1, 0.1, 0.1, 0.1], "mean": 0.1, "std": 0, "interval": [0.1, 0.1], "p": 0.03125, "pHolm": 0.03125,
          "apart": true,
        ]
      ], "notes": [.string("A note \(hostile)")], "footnotes": [["letter": "a", "text": "A footnote"]],
    ]
  }

  @discardableResult
  private func ccr(_ arguments: String...) throws -> (code: Int32, words: String) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "\(ToyStudy.binaries)/ccr")
    process.arguments = [arguments[0], "--pipeline", "\(folder)/pipeline.json"] + arguments.dropFirst()
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = pipe
    try process.run()
    let words = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    return (process.terminationStatus, words)
  }

  private static let hostile = "<script>alert(1)</script>\"'&</style><img src=x onerror=alert(1)>"

  @Test func thePageDoesWhatItSaysAndNothingElse() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try prepare(hostile: Self.hostile)
    #expect(try ccr("run", "--quiet").code == 0)
    let report = try ccr("report")
    #expect(report.code == 0, "\(report.words)")
    let file = "\(folder)/tables/quick/report.html"
    let browser = try Browser()
    _ = try browser.open(file: file)
    #expect(browser.complaints.isEmpty, "\(browser.complaints)")
    #expect(browser.requests == [URL(fileURLWithPath: file).absoluteString])
    // Words that are markup are words.
    let scripts = try browser.evaluate("document.scripts.length")
    #expect(scripts.integer == 2)
    #expect(try browser.evaluate("document.querySelector('#table1 h2').textContent").string?.contains(Self.hostile) == true)
    #expect(try browser.evaluate("document.images.length").integer == 0)
    // The drawing is inline, and keeps its hints.
    #expect(try browser.evaluate("document.querySelector('figure svg rect title').textContent").string == "one: 0.8")
    #expect(try browser.evaluate("document.querySelector('figure svg g').id").string == "f0-a")

    // A cell opens to its seeds, one at a time, and Escape closes it.
    #expect(try browser.evaluate("document.querySelector('.cell summary').textContent").string == "0.600 ± 0.010 (0.500, 0.700)")
    _ = try browser.evaluate("document.querySelectorAll('.cell summary')[0].click()")
    let sheet = try browser.evaluate("document.querySelector('.cell[open] .sheet').innerText").string ?? ""
    #expect(sheet.contains("0.6050") && sheet.contains("hash5") && sheet.contains("they differ"), "\(sheet)")
    #expect(sheet.contains("ccr run --profile quick 'evaluate[method=x,seed=5]' --force"))
    _ = try browser.evaluate("document.querySelectorAll('.cell summary')[1].click()")
    #expect(try browser.evaluate("document.querySelectorAll('.cell[open]').length").integer == 1)
    try browser.press("Escape")
    #expect(try browser.evaluate("document.querySelectorAll('.cell[open]').length").integer == 0)

    // Time and memory are shown where they are asked for.
    let display = "getComputedStyle(document.querySelector('#table1 td.cost')).display"
    #expect(try browser.evaluate(display).string == "none")
    _ = try browser.evaluate("document.getElementById('costs').click()")
    #expect(try browser.evaluate(display).string == "table-cell")
    #expect(try browser.evaluate("document.querySelector('#table1 td.cost').textContent").string?.hasSuffix(" s") == true)

    // Search.
    func search(_ text: String) throws -> Int? {
      _ = try browser.evaluate(
        """
        (()=>{const box=document.getElementById('search');box.value=\(JSONValue.string(text).compact);
        box.dispatchEvent(new Event('input'));return new Promise(done=>setTimeout(done,400))})()
        """)
      return try browser.evaluate("document.querySelectorAll('#instances tbody tr:not([hidden])').length").integer
    }
    #expect(try search("train method=X") == 6 && search("seed=3") == 4 && search("nothing like it") == 0 && search("") == 26)
    #expect(try browser.evaluate("document.getElementById('shown').textContent").string == "26 of 26")
    // Sorting, by text and by number, up and down.
    func column(_ number: Int) throws -> [String] {
      let script = "[...document.querySelectorAll('#instances tbody tr')].map(row=>row.cells[\(number)].textContent)"
      return try (browser.evaluate(script).array ?? []).compactMap(\.string)
    }
    func sort(_ number: Int) throws {
      _ = try browser.evaluate("document.querySelectorAll('#instances thead button')[\(number)].click()")
    }
    try sort(1)
    #expect(try column(1).first == "evaluate[method=x,seed=0]" && column(1) == column(1).sorted())
    try sort(1)
    #expect(try column(1) == column(1).sorted(by: >))
    #expect(try browser.evaluate("document.querySelectorAll('#instances th')[1].getAttribute('aria-sort')").string == "descending")
    try sort(0)
    #expect(try column(0) == (0..<26).map(String.init))
    // The same facts as data.
    let facts = try JSONValue.parse(browser.evaluate("document.getElementById('facts').textContent").string ?? "", file: "facts")
    #expect(facts["complete"]?.bool == true && facts["instances"]?["rows"]?.array?.count == 26 && facts["tables"]?.array?.count == 1)
    #expect(try browser.evaluate("document.querySelector('#warnings').innerText").string?.contains("3 pictures were left out") == true)
    #expect(browser.complaints.isEmpty, "\(browser.complaints)")
    #expect(browser.requests.count == 1)

    // Narrow, dark, printed: nothing hangs over the edge.
    for (width, media) in [(400, "screen"), (1280, "screen"), (800, "print")] {
      _ = try browser.send(
        "Emulation.setDeviceMetricsOverride", ["width": .integer(width), "height": 900, "deviceScaleFactor": 1, "mobile": false])
      try browser.use(media: media, dark: true)
      let over = try browser.evaluate("document.documentElement.scrollWidth-document.documentElement.clientWidth").integer
      if media == "screen" { #expect(over == 0, "\(width)") }
    }
  }

  @Test func thePageCanBeReadWithoutScripts() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try prepare()
    #expect(try ccr("run", "--quiet").code == 0 && ccr("report").code == 0)
    let browser = try Browser()
    _ = try browser.send("Emulation.setScriptExecutionDisabled", ["value": true])
    _ = try browser.open(file: "\(folder)/tables/quick/report.html", withScripts: false)
    let text = try browser.evaluate("document.body.innerText").string ?? ""
    #expect(text.contains("Complete: all 26 results are there.") && text.contains("train[method=y,seed=5]") && !text.contains("Search"))
    #expect(browser.complaints.isEmpty, "\(browser.complaints)")
  }

  @Test func twelveThousandInstancesStayQuick() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try prepare()
    var text = String(decoding: try AtomicFile.read("\(folder)/pipeline.json"), as: UTF8.self)
    text = text.replacing("[0, 1, 2, 3, 4, 5]", with: "[\((0..<3000).map(String.init).joined(separator: ","))]")
    try AtomicFile.write(text, to: "\(folder)/pipeline.json")
    #expect(try ccr("report", "--to", "\(folder)/report.html").code == 3)
    let bytes = try AtomicFile.read("\(folder)/report.html").count
    #expect(bytes < 3_000_000, "\(bytes) bytes")
    let browser = try Browser()
    // Of the page's thread on a processor, whatever else this machine does.
    _ = try browser.send("Performance.enable", ["timeDomain": "threadTicks"])
    func seconds() throws -> Double {
      let metrics = try browser.send("Performance.getMetrics", [:])["metrics"]?.array ?? []
      return try #require(metrics.first { $0["name"]?.string == "TaskDuration" }?["value"]?.double, "\(metrics)")
    }
    _ = try browser.open(file: "\(folder)/report.html")
    let loaded = try seconds()
    #expect(try browser.evaluate("document.querySelectorAll('#instances tbody tr').length").integer == 12_002)
    var times: [Double] = []
    for words in ["seed=2999", "train method=y", ""] {
      let start = try seconds()
      _ = try browser.evaluate(
        """
        (async()=>{
          const box=document.getElementById('search');
          box.value='\(words)';box.dispatchEvent(new Event('input'));
          await new Promise(done=>setTimeout(()=>requestAnimationFrame(()=>setTimeout(done,0)),125));
        })()
        """)
      times.append(try seconds() - start)
    }
    let start = try seconds()
    _ = try browser.evaluate("document.querySelectorAll('#instances thead button')[1].click();document.body.offsetHeight;")
    times.append(try seconds() - start)
    // What is quadratic takes minutes.
    #expect(loaded > 0 && loaded < 20 && times.allSatisfy { $0 < 10 }, "loaded in \(loaded) s, answers in \(times) s")
    print("12,002 instances: \(bytes) bytes, loaded in \(loaded) s; three searches and a sort in \(times) s")
    #expect(browser.complaints.isEmpty, "\(browser.complaints)")
  }

  @Test(.enabled(if: getenv("CCR_SCREENSHOTS") != nil && getenv("CCR_REPORT") != nil))
  func screenshots() throws {
    let target = String(cString: getenv("CCR_SCREENSHOTS"))
    let report = String(cString: getenv("CCR_REPORT"))
    try FileManager.default.createDirectory(atPath: target, withIntermediateDirectories: true)
    let browser = try Browser()
    let seconds = try browser.open(file: report)
    print("\(report): \(try AtomicFile.read(report).count) bytes, loaded in \(seconds) s")
    #expect(browser.complaints.isEmpty && browser.requests.count == 1, "\(browser.complaints) \(browser.requests)")
    try browser.screenshot(to: "\(target)/narrow.png", width: 400, height: 4000)
    try browser.screenshot(to: "\(target)/wide.png", width: 1280, height: 4200)
    try browser.screenshot(to: "\(target)/dark.png", width: 1280, height: 2000, dark: true)
    try browser.screenshot(to: "\(target)/print.png", width: 800, height: 4000, media: "print")
    _ = try browser.evaluate("document.getElementById('costs').click();document.querySelectorAll('.cell summary')[45].click()")
    try browser.screenshot(to: "\(target)/readme.png", width: 1280, height: 960)
    _ = try browser.evaluate("document.getElementById('table1').scrollIntoView()")
    try browser.screenshot(to: "\(target)/cell.png", width: 1280, height: 900)
    try browser.screenshot(to: "\(target)/cell-narrow.png", width: 400, height: 800)
    _ = try browser.evaluate(
      "document.querySelectorAll('.cell[open]').forEach(c=>c.open=false);document.getElementById('figures').scrollIntoView()")
    try browser.screenshot(to: "\(target)/figures.png", width: 1280, height: 3000)
    _ = try browser.evaluate("document.getElementById('provenance').scrollIntoView()")
    try browser.screenshot(to: "\(target)/provenance.png", width: 1280, height: 1500)
  }
}
