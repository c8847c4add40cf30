import Artifacts
import Foundation
import Glibc
import Testing

/// Headless Chromium, spoken to over pipes by its DevTools protocol.
final class Browser {
  /// Where it is installed; nil where it is not.
  static let path = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].first { (path: String) in
    access(path, X_OK) == 0
  }

  private let process = Process()
  private let folder: String
  private let commands, answers: Int32
  private var buffer: [UInt8] = []
  private var number = 0
  private var session: String?
  /// Events of the page since it was opened.
  private(set) var events: [JSONValue] = []

  /// Starts it with an empty page.
  init() throws {
    folder = FileManager.default.temporaryDirectory.path + "/ccr-browser-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    for name in ["commands", "answers"] { try #require(mkfifo("\(folder)/\(name)", 0o600) == 0) }
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    let flags = "--headless=new --no-sandbox --disable-gpu --disable-dev-shm-usage --hide-scrollbars --no-first-run --remote-debugging-pipe"
    process.arguments = [
      "-c", "exec \(try #require(Self.path)) \(flags) --user-data-dir=\(folder)/profile 3<\(folder)/commands 4>\(folder)/answers",
    ]
    process.environment = ["PATH": "/usr/bin:/bin", "HOME": folder]
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    commands = Glibc.open("\(folder)/commands", O_WRONLY)
    answers = Glibc.open("\(folder)/answers", O_RDONLY)
    let target = try send("Target.createTarget", ["url": "about:blank"])
    session = try send("Target.attachToTarget", ["targetId": target["targetId"] ?? .null, "flatten": true])["sessionId"]?.string
    for domain in ["Page", "Runtime", "Log", "Network"] { _ = try send("\(domain).enable", .object([])) }
  }

  deinit {
    close(commands)
    close(answers)
    process.terminate()
    process.waitUntilExit()
    try? FileManager.default.removeItem(atPath: folder)
  }

  /// Opens a file as a person would, and waits until it has been loaded.
  /// - Returns: seconds until then.
  func open(file: String, withScripts: Bool = true) throws -> Double {
    events = []
    let start = ContinuousClock.now
    _ = try send("Page.navigate", ["url": .string(URL(fileURLWithPath: file).absoluteString)])
    while !events.contains(where: { $0["method"]?.string == "Page.loadEventFired" }) { try readMessage() }
    // What is queued for the page's first idle moment belongs to loading it too.
    if withScripts { _ = try evaluate("new Promise(done=>requestAnimationFrame(()=>setTimeout(done,0)))") }
    return (ContinuousClock.now - start) / Duration.seconds(1)
  }

  /// The value of an expression in the page, awaited.
  func evaluate(_ script: String) throws -> JSONValue {
    let answer = try send("Runtime.evaluate", ["expression": .string(script), "returnByValue": true, "awaitPromise": true])
    #expect(answer["exceptionDetails"] == nil, "\(script): \(answer.compact)")
    return answer["result"]?["value"] ?? .null
  }

  /// What the console shows, and what was thrown.
  var complaints: [String] {
    events.filter { ["Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded"].contains($0["method"]?.string ?? "") }
      .map(\.compact)
  }

  /// Addresses of everything that was asked for, without what lies in the page itself.
  var requests: [String] {
    events.filter { $0["method"]?.string == "Network.requestWillBeSent" }.compactMap { $0["params"]?["request"]?["url"]?.string }
      .filter { !$0.hasPrefix("data:") }
  }

  /// Types keys as a keyboard does.
  func press(_ key: String) throws {
    for type in ["keyDown", "keyUp"] {
      _ = try send("Input.dispatchKeyEvent", ["type": .string(type), "key": .string(key), "code": .string(key)])
    }
  }

  /// A picture of the page from its top.
  func screenshot(to path: String, width: Int, height: Int, media: String = "screen", dark: Bool = false) throws {
    _ = try send(
      "Emulation.setDeviceMetricsOverride",
      [
        "width": .integer(width), "height": .integer(height), "deviceScaleFactor": 1, "mobile": false,
      ])
    try use(media: media, dark: dark)
    let picture = try send("Page.captureScreenshot", ["format": "png"])["data"]?.string ?? ""
    try #require(Data(base64Encoded: picture)).write(to: URL(fileURLWithPath: path))
  }

  func use(media: String, dark: Bool) throws {
    _ = try send(
      "Emulation.setEmulatedMedia",
      [
        "media": .string(media), "features": [["name": "prefers-color-scheme", "value": dark ? "dark" : "light"]],
      ])
  }

  /// Sends a command and waits for its answer.
  @discardableResult
  func send(_ method: String, _ parameters: JSONValue) throws -> JSONValue {
    number += 1
    var message: [JSONValue.Member] = [.init("id", .integer(number)), .init("method", .string(method)), .init("params", parameters)]
    if let session { message.append(.init("sessionId", .string(session))) }
    let bytes = Array(JSONValue.object(message).canonical.utf8) + [0]
    var written = 0
    while written < bytes.count {
      let count = bytes.withUnsafeBytes { write(commands, $0.baseAddress?.advanced(by: written), bytes.count - written) }
      try #require(count > 0, "the browser is gone")
      written += count
    }
    while true {
      let answer = try readMessage()
      guard answer["id"]?.integer == number else { continue }
      #expect(answer["error"] == nil, "\(method): \(answer.compact.prefix(500))")
      return answer["result"] ?? .null
    }
  }

  @discardableResult
  private func readMessage() throws -> JSONValue {
    while true {
      if let end = buffer.firstIndex(of: 0) {
        let message = try JSONValue.parse(Array(buffer[..<end]), file: "Chromium")
        buffer.removeSubrange(...end)
        if message["method"] != nil { events.append(message) }
        return message
      }
      var descriptor = pollfd(fd: answers, events: Int16(POLLIN), revents: 0)
      try #require(poll(&descriptor, 1, 120_000) == 1, "the browser does not answer")
      var block = [UInt8](repeating: 0, count: 1 << 16)
      let count = read(answers, &block, block.count)
      try #require(count > 0, "the browser is gone")
      buffer += block[..<count]
    }
  }
}
