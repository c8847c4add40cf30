import Testing
import Workflow

/// What a run says about its rest.
struct RemainingTimeTests {
  private let stages = ["train", "train", "train", "train", "tsne"]

  @Test func beforeAnythingIsKnownTheExpectationCounts() {
    let time = RemainingTime(stages: stages, expected: [60, 60, 60, 60, 10])
    #expect(time.seconds(waiting: [2, 3, 4], running: [(0, 10), (1, 20)], jobs: 2) == 110)
  }

  @Test func progressOutweighsTheExpectationForTheStageToo() {
    var time = RemainingTime(stages: stages, expected: [60, 60, 60, 60, 10])
    // A checkpoint had done half; a tenth more took 20 seconds.
    time.progressed(0, seconds: 5, share: 0.5)
    time.progressed(0, seconds: 25, share: 0.6)
    let left = time.seconds(waiting: [], running: [(0, 25)], jobs: 1)
    #expect(abs(left - 80) < 1e-9)
    // One job for each: the others take as long as the one at work, 105 seconds.
    #expect(abs(time.seconds(waiting: [1, 2], running: [(0, 25)], jobs: 1) - (80 + 2 * 105)) < 1e-9)
  }

  @Test func executedInstancesSayHowLongTheirLikeTake() {
    var time = RemainingTime(stages: stages, expected: [60, 60, 60, 60, 10])
    time.executed(0, seconds: 14)
    time.executed(1, seconds: 16)
    #expect(time.seconds(waiting: [3, 4], running: [(2, 5)], jobs: 2) == 17.5)
  }

  @Test func whatIsCachedTakesNoTimeAndTheLongestIsNotShared() {
    var time = RemainingTime(stages: stages, expected: [60, 0, 60, 60, 10])
    time.executed(0, seconds: 20)
    #expect(time.seconds(waiting: [1], running: [(2, 4)], jobs: 8) == 16)
  }
}
