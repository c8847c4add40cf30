/// The suggestion after "did you mean": the known word nearest to a mistyped one.
public enum NearestSpelling {
  /// - Returns: the candidate of least edit distance, or nil where none is nearer than half of the word.
  public static func of(_ word: String, among candidates: some Sequence<String>) -> String? {
    let ranked = candidates.map { (distance($0, word), $0) }.min { $0 < $1 }
    guard let ranked, ranked.0 <= max(1, word.count / 2) else { return nil }
    return ranked.1
  }

  /// The Levenshtein distance: insertions, deletions and replacements that turn one word into the other.
  static func distance(_ a: String, _ b: String) -> Int {
    let b = Array(b.lowercased())
    var row = Array(0...b.count)
    for (i, x) in a.lowercased().enumerated() {
      var diagonal = row[0]
      row[0] = i + 1
      for j in b.indices {
        let above = row[j + 1]
        row[j + 1] = min(above + 1, row[j] + 1, diagonal + (x == b[j] ? 0 : 1))
        diagonal = above
      }
    }
    return row[b.count]
  }
}
