import Dispatch
import Glibc
import Synchronization
import Tensors
import Testing

/// How often each piece was done.
private final class Counts: Sendable {
  private let pieces: Mutex<[Int]>
  init(_ count: Int) { pieces = Mutex([Int](repeating: 0, count: count)) }
  func add(_ piece: Int) { pieces.withLock { $0[piece] += 1 } }
  var all: [Int] { pieces.withLock { $0 } }
}

struct ThreadTeamTests {
  @Test(arguments: [1, 2, 3, 16]) func eachPieceIsDoneOnce(threads: Int) {
    for count in [0, 1, 2, 3, 17, 300] {
      let counts = Counts(count)
      ThreadTeam(threads: threads).forEach(count) { counts.add($0) }
      #expect(counts.all.allSatisfy { $0 == 1 }, "\(threads) threads, \(count) pieces: \(counts.all)")
    }
  }

  /// What one piece writes is there when the call returns, however short the work: a helper that comes late would be seen here.
  @Test func whatPiecesWroteIsThereAtTheEnd() {
    let team = ThreadTeam(threads: 2)
    let values = Tensor(shape: [8], [Float](repeating: 0, count: 8))
    for round in 1...20_000 {
      team.forEach(8) { values.base[$0] = Float(round) }
      guard (0..<8).allSatisfy({ values.base[$0] == Float(round) }) else {
        Issue.record("a piece of round \(round) was not done when the call returned")
        return
      }
    }
  }

  @Test func piecesMayCallATeamThemselves() {
    let counts = Counts(5 * 7)
    ThreadTeam(threads: 3).forEach(5) { outer in ThreadTeam(threads: 3).forEach(7) { counts.add(outer * 7 + $0) } }
    #expect(counts.all.allSatisfy { $0 == 1 }, "\(counts.all)")
  }

  @Test func severalThreadsMayCallTeamsAtOnce() {
    let counts = Counts(4 * 1000)
    DispatchQueue.concurrentPerform(iterations: 4) { caller in
      for round in 0..<100 { ThreadTeam(threads: 2).forEach(10) { counts.add(caller * 1000 + round * 10 + $0) } }
    }
    #expect(counts.all.allSatisfy { $0 == 1 })
  }

  /// Helpers that have gone to sleep come back.
  @Test func workComesAfterAPause() {
    let counts = Counts(40)
    for round in 0..<4 {
      ThreadTeam(threads: 4).forEach(10) { counts.add(round * 10 + $0) }
      usleep(20_000)
    }
    #expect(counts.all.allSatisfy { $0 == 1 })
  }

  /// What a piece has captured is let go when the call returns.
  @Test func nothingIsHeldAfterwards() {
    weak var kept: Counts?
    do {
      let counts = Counts(10)
      kept = counts
      ThreadTeam(threads: 2).forEach(10) { counts.add($0) }
    }
    #expect(kept == nil)
  }
}
