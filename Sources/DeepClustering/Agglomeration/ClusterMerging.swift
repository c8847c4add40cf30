import HeapModule
import Tensors

/// Agglomerative merging by JULE's affinity (Yang et al. 2016; Zhang et al. 2012) of clusters a and b,
///
///     A(a, b) = R(a, b)/|b|² + R(b, a)/|a|²,  R(a, b) = Σ_{m∈a} (Σ_{q∈b} W_qm)(Σ_{q∈b} W_mq),
///
/// W the affinities of rows to their nearest rows, 0 elsewhere. Of all clusters the one is merged with its best neighbour whose score is largest:
///
///     A₁ + 1/(K_c − 1) Σ_{k=2…K_c} (A₁ − A_k),  A₁ ≥ A₂ ≥ … its affinities, 0 where it has fewer,
///
/// or A₁ alone where at most 100 clusters are left. Ties go to the lower number. When a and b merge, their R are added to those of both (the authors'
/// fast rule: R(x, a ∪ b) leaves out the products across a and b), so that W is read once.
///
/// Structures are sparse: a cluster knows those of which R is not 0 in either direction, in order, and its K_c best; the next merge comes from a heap
/// of scores, of which those out of date are passed over. Memory for n rows of k neighbours n·k numbers.
package struct ClusterMerging {
  /// Above so many clusters the score asks how far the best neighbour stands out.
  package static let clustersWithLocalScores = 100

  private struct Link {
    let cluster: Int32
    /// R(own, cluster) and R(cluster, own).
    var out, back: Double
  }

  private struct Neighbour {
    let affinity: Double
    let cluster: Int32

    /// Whether it comes first: by affinity, then by number.
    func precedes(_ other: Neighbour) -> Bool { affinity != other.affinity ? affinity > other.affinity : cluster < other.cluster }
  }

  private struct Candidate: Comparable {
    let score: Double
    let cluster: Int32
    /// The cluster's when this was its score.
    let version: Int32

    static func < (a: Candidate, b: Candidate) -> Bool {
      if a.score != b.score { return a.score < b.score }
      return a.cluster != b.cluster ? a.cluster > b.cluster : a.version < b.version
    }
  }

  /// Clusters that are left.
  private(set) var count: Int
  private let neighbourhood: Int
  private var links: [[Link]]
  /// The `neighbourhood` best of each cluster.
  private var best: [[Neighbour]]
  /// 0 once merged into another.
  private var sizes: [Int]
  /// The cluster that each was merged into.
  private var parents: [Int32]
  private var versions: [Int32]
  private var heap = Heap<Candidate>()

  /// - Parameters:
  ///   - labels: the cluster of each row, 0 ..< some number, none empty.
  ///   - neighbourhood: K_c, at least 1.
  package init(_ graph: NeighbourGraph, labels: [Int32], neighbourhood: Int) {
    let clusters = 1 + Int(labels.max() ?? -1)
    self.neighbourhood = neighbourhood
    count = clusters
    sizes = [Int](repeating: 0, count: clusters)
    for label in labels { sizes[Int(label)] += 1 }
    links = Self.links(graph, labels: labels, clusters: clusters)
    best = [[Neighbour]](repeating: [], count: clusters)
    parents = (0..<clusters).map { Int32($0) }
    versions = [Int32](repeating: 0, count: clusters)
    for cluster in 0..<clusters { best[cluster] = ranked(cluster) }
    rescoreAll()
  }

  /// R of all pairs of clusters of which it is not 0 in either direction; sums run in the order of rows.
  private static func links(_ graph: NeighbourGraph, labels: [Int32], clusters: Int) -> [[Link]] {
    let (n, k, weights) = (graph.rows, graph.count, graph.affinities)
    // Who has a row as neighbour, in the order of rows.
    var starts = [Int](repeating: 0, count: n + 1)
    for neighbour in graph.neighbours { starts[Int(neighbour) + 1] += 1 }
    for row in 0..<n { starts[row + 1] += starts[row] }
    var (sources, places) = ([Int](repeating: 0, count: n * k), starts)
    for edge in 0..<n * k {
      let target = Int(graph.neighbours[edge])
      sources[places[target]] = edge
      places[target] += 1
    }
    // For each row the sums of what goes out to a cluster and comes in from it.
    var (out, into) = ([Double](repeating: 0, count: clusters), [Double](repeating: 0, count: clusters))
    var rows = [[Int]](repeating: [], count: clusters)
    for row in 0..<n { rows[Int(labels[row])].append(row) }
    var forward = [[(cluster: Int32, value: Double)]](repeating: [], count: clusters)
    var sums = [Double](repeating: 0, count: clusters)
    for own in 0..<clusters {
      var touched: Set<Int32> = []
      for row in rows[own] {
        var targets: [Int32] = []
        for edge in row * k..<(row + 1) * k {
          let cluster = labels[Int(graph.neighbours[edge])]
          if out[Int(cluster)] == 0 { targets.append(cluster) }
          out[Int(cluster)] += weights[edge]
        }
        for edge in sources[starts[row]..<starts[row + 1]] { into[Int(labels[edge / k])] += weights[edge] }
        for cluster in targets {
          let product = into[Int(cluster)] * out[Int(cluster)]
          if product > 0, Int(cluster) != own {
            touched.insert(cluster)
            sums[Int(cluster)] += product
          }
          out[Int(cluster)] = 0
        }
        for edge in sources[starts[row]..<starts[row + 1]] { into[Int(labels[edge / k])] = 0 }
      }
      for cluster in touched.sorted() {
        forward[own].append((cluster, sums[Int(cluster)]))
        sums[Int(cluster)] = 0
      }
    }
    var links = forward.map { $0.map { Link(cluster: $0.cluster, out: $0.value, back: 0) } }
    for own in 0..<clusters {
      for (cluster, value) in forward[own] { Self.change(&links[Int(cluster)], to: Int32(own)) { $0.back = value } }
    }
    return links
  }

  /// Changes the link to a cluster, which is made where there is none.
  private static func change(_ links: inout [Link], to cluster: Int32, _ body: (inout Link) -> Void) {
    let at = place(of: cluster, in: links)
    if at == links.count || links[at].cluster != cluster { links.insert(Link(cluster: cluster, out: 0, back: 0), at: at) }
    body(&links[at])
  }

  /// The first place whose cluster is not below this one.
  private static func place(of cluster: Int32, in links: [Link]) -> Int {
    var (low, high) = (0, links.count)
    while low < high {
      let middle = (low + high) / 2
      if links[middle].cluster < cluster { low = middle + 1 } else { high = middle }
    }
    return low
  }

  private func neighbour(_ own: Int, _ link: Link) -> Neighbour {
    let (mine, other) = (Double(sizes[own]), Double(sizes[Int(link.cluster)]))
    return Neighbour(affinity: link.out / (other * other) + link.back / (mine * mine), cluster: link.cluster)
  }

  /// The best of all a cluster's neighbours.
  private func ranked(_ cluster: Int) -> [Neighbour] {
    var ranked: [Neighbour] = []
    for link in links[cluster] { insert(neighbour(cluster, link), into: &ranked) }
    return ranked
  }

  private func insert(_ new: Neighbour, into ranked: inout [Neighbour]) {
    if ranked.count == neighbourhood, let last = ranked.last, !new.precedes(last) { return }
    ranked.insert(new, at: ranked.firstIndex { new.precedes($0) } ?? ranked.count)
    if ranked.count > neighbourhood { ranked.removeLast() }
  }

  private mutating func rescore(_ cluster: Int) {
    versions[cluster] += 1
    guard sizes[cluster] > 0, let first = best[cluster].first, first.affinity > 0 else { return }
    var score = first.affinity
    if count > Self.clustersWithLocalScores, neighbourhood > 1 {
      for rank in 1..<neighbourhood {
        let other = rank < best[cluster].count ? best[cluster][rank].affinity : 0
        score += (first.affinity - other) / Double(neighbourhood - 1)
      }
    }
    heap.insert(Candidate(score: score, cluster: Int32(cluster), version: versions[cluster]))
  }

  private mutating func rescoreAll() {
    heap = Heap()
    for cluster in links.indices { rescore(cluster) }
  }

  /// Clusters that have no affinity to any other.
  package var isolated: [Int] { best.indices.filter { best[$0].isEmpty && sizes[$0] > 0 } }

  // MARK: Merging

  /// Merges the best pair; the lower number stays.
  /// - Returns: nil where no two clusters have an affinity.
  package mutating func mergeBest() -> (kept: Int, merged: Int)? {
    while let candidate = heap.popMax() {
      let cluster = Int(candidate.cluster)
      guard candidate.version == versions[cluster], let other = best[cluster].first else { continue }
      let pair = (kept: min(cluster, Int(other.cluster)), merged: max(cluster, Int(other.cluster)))
      merge(pair.kept, pair.merged)
      return pair
    }
    return nil
  }

  private mutating func merge(_ a: Int, _ b: Int) {
    let moved = links[b]
    links[b] = []
    best[b] = []
    (sizes[a], sizes[b]) = (sizes[a] + sizes[b], 0)
    parents[b] = Int32(a)
    count -= 1
    links[a].removeAll { Int($0.cluster) == b }
    for link in moved where Int(link.cluster) != a {
      Self.change(&links[a], to: link.cluster) {
        $0.out += link.out
        $0.back += link.back
      }
      let other = Int(link.cluster)
      links[other].remove(at: Self.place(of: Int32(b), in: links[other]))
      Self.change(&links[other], to: Int32(a)) {
        $0.out += link.back
        $0.back += link.out
      }
    }
    best[a] = ranked(a)
    versions[b] += 1
    for link in links[a] {
      let other = Int(link.cluster)
      // Of a neighbour's best only those that named one of the pair, or will name it, have changed.
      if best[other].contains(where: { Int($0.cluster) == a || Int($0.cluster) == b }) {
        best[other] = ranked(other)
      } else {
        insert(Neighbour(affinity: neighbour(a, link).affinity, cluster: Int32(a)), into: &best[other])
      }
      if count != Self.clustersWithLocalScores { rescore(other) }
    }
    if count == Self.clustersWithLocalScores { rescoreAll() } else { rescore(a) }
  }

  /// The cluster that each of those in the beginning is part of.
  package var clusters: [Int32] {
    parents.indices.map { start in
      var cluster = start
      while Int(parents[cluster]) != cluster { cluster = Int(parents[cluster]) }
      return Int32(cluster)
    }
  }
}
