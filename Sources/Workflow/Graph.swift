/// The plan drawn as text, in Graphviz's or in Mermaid's language: one box for each stage, or for each instance.
public struct Graph {
  public enum Format: String, CaseIterable, Sendable { case text, dot, mermaid }

  private struct Node {
    let label: String
    /// Numbers of nodes it reads from.
    let upstream: [Int]
  }

  private let nodes: [Node]

  /// - Parameter selected: the instances to draw; an edge is drawn where both ends are.
  public init(_ plan: Plan, _ selected: [Int], everyInstance: Bool) {
    if everyInstance {
      let place = Dictionary(uniqueKeysWithValues: selected.enumerated().map { ($1, $0) })
      nodes = selected.map { number in
        Node(label: plan.instances[number].name, upstream: plan.instances[number].upstream.compactMap { place[$0] }.unique)
      }
    } else {
      let stages = selected.map { plan.instances[$0].stage }.unique
      let place = Dictionary(uniqueKeysWithValues: stages.enumerated().map { ($1, $0) })
      let ofStage = Dictionary(grouping: selected) { plan.instances[$0].stage }
      nodes = stages.map { stage in
        let own = ofStage[stage] ?? []
        let upstream = own.flatMap { plan.instances[$0].upstream.map { plan.instances[$0].stage } }.unique
        return Node(label: own.count == 1 ? stage : "\(stage) × \(own.count)", upstream: upstream.compactMap { place[$0] })
      }
    }
  }

  public func text(_ format: Format) -> String {
    let edges = nodes.indices.flatMap { to in nodes[to].upstream.map { (from: $0, to: to) } }
    switch format {
    case .text:
      return nodes.map { node in
        node.label + (node.upstream.isEmpty ? "" : "  ← " + node.upstream.map { nodes[$0].label }.joined(separator: ", "))
      }.joined(separator: "\n")
    case .dot:
      let lines = nodes.indices.map { "  n\($0) [label=\"\(nodes[$0].label)\"];" } + edges.map { "  n\($0.from) -> n\($0.to);" }
      return "digraph ccr {\n  rankdir=LR;\n  node [shape=box];\n\(lines.joined(separator: "\n"))\n}"
    case .mermaid:
      let lines = nodes.indices.map { "  n\($0)[\"\(nodes[$0].label)\"]" } + edges.map { "  n\($0.from) --> n\($0.to)" }
      return "graph LR\n\(lines.joined(separator: "\n"))"
    }
  }
}
