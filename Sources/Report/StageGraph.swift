import Artifacts
import Workflow

/// The stages and what they read from each other, drawn as SVG: producers on the left.
struct StageGraph {
  private struct Node {
    let name: String
    let total, done: Int
    let upstream: [String]
    var depth = 0
  }

  private var nodes: [Node] = []

  init(_ record: StudyRecord) {
    var stageOf: [Int: String] = [:]
    for entry in record.entries { stageOf[entry.number] = entry.instance.stage }
    var order: [String] = []
    var groups: [String: [StudyRecord.Entry]] = [:]
    for entry in record.entries {
      if groups[entry.instance.stage] == nil { order.append(entry.instance.stage) }
      groups[entry.instance.stage, default: []].append(entry)
    }
    for name in order {
      let own = groups[name] ?? []
      let upstream = Set(own.flatMap { $0.instance.upstream.compactMap { stageOf[$0] } }).subtracting([name])
      var node = Node(
        name: name, total: own.count, done: own.count { $0.standing.hasResult }, upstream: order.filter(upstream.contains))
      node.depth = (nodes.filter { node.upstream.contains($0.name) }.map(\.depth).max() ?? -1) + 1
      nodes.append(node)
    }
  }

  private static let (width, height, across, down) = (132.0, 44.0, 172.0, 62.0)

  var svg: String {
    let layers = Dictionary(grouping: nodes.indices) { nodes[$0].depth }
    var places: [String: (x: Double, y: Double)] = [:]
    for (depth, members) in layers {
      for (row, index) in members.enumerated() {
        places[nodes[index].name] = (4 + Double(depth) * Self.across, 4 + Double(row) * Self.down)
      }
    }
    let size = (
      x: Double(layers.count) * Self.across - (Self.across - Self.width) + 8,
      y: Double(layers.values.map(\.count).max() ?? 1) * Self.down - (Self.down - Self.height) + 8
    )
    var text = "<svg class=\"graph\" role=\"img\" viewBox=\"0 0 \(size.x) \(size.y)\" width=\"\(size.x)\" height=\"\(size.y)\">\n"
    text += "<title>\(MarkupText.escaped(words))</title>\n"
    for node in nodes {
      guard let to = places[node.name] else { continue }
      for from in node.upstream.compactMap({ places[$0] }) {
        let (x1, y1, x2, y2) = (from.x + Self.width, from.y + Self.height / 2, to.x, to.y + Self.height / 2)
        text += "<path d=\"M\(x1) \(y1)C\(x1 + 22) \(y1) \(x2 - 22) \(y2) \(x2) \(y2)\"/>\n"
      }
    }
    for node in nodes {
      guard let place = places[node.name] else { continue }
      text += "<rect x=\"\(place.x)\" y=\"\(place.y)\" width=\"\(Self.width)\" height=\"\(Self.height)\" rx=\"6\"/>"
      text += "<text x=\"\(place.x + Self.width / 2)\" y=\"\(place.y + 18)\" text-anchor=\"middle\">\(MarkupText.escaped(node.name))</text>"
      text +=
        "<text x=\"\(place.x + Self.width / 2)\" y=\"\(place.y + 35)\" text-anchor=\"middle\">\(node.done) of \(node.total) done</text>\n"
    }
    return text + "</svg>\n"
  }

  private var words: String {
    nodes.map { $0.name + ($0.upstream.isEmpty ? "" : " reads from \($0.upstream.joined(separator: ", "))") }.joined(separator: "; ")
  }
}
