/// A number of threads that work side by side on numbered, independent pieces.
///
/// The pieces are cut by the caller in sizes that do not depend on `threads`, each piece writes only its own output, and
/// partial sums are merged by the caller in index order; so results are bit-identical for any number of threads.
public struct ThreadTeam: Sendable {
  /// How many threads work at once, at least 1.
  public let threads: Int

  public init(threads: Int) {
    precondition(threads >= 1, "a team needs at least one thread, not \(threads)")
    self.threads = threads
  }

  /// Calls `body` once for every piece in `0..<count`, in any order, and returns when all are done.
  public func forEach(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) {
    guard threads > 1, count > 1 else {
      for piece in 0..<count { body(piece) }
      return
    }
    ThreadCrew.shared.perform(threads: min(threads, count), pieces: count, body)
  }
}
