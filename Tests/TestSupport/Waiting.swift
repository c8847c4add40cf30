import Foundation
import Testing

/// For tests that wait for other programs most of the time: they run on threads of their own, more than most machines have processors, so that
/// those stay free for tests that compute.
package struct Waiting: SuiteTrait, TestTrait, TestScoping {
  package var isRecursive: Bool { true }

  package func provideScope(for test: Test, testCase: Test.Case?, performing body: @Sendable () async throws -> Void) async throws {
    try await withTaskExecutorPreference(WaitingThreads.all) { try await body() }
  }
}

extension Trait where Self == Waiting { package static var waiting: Self { Self() } }

private final class WaitingThreads: TaskExecutor, @unchecked Sendable {
  static let all = WaitingThreads(count: 6)
  private let condition = NSCondition()
  private var jobs: [UnownedJob] = []

  private init(count: Int) {
    for _ in 0..<count { Thread { [self] in while true { next().runSynchronously(on: asUnownedTaskExecutor()) } }.start() }
  }

  func enqueue(_ job: consuming ExecutorJob) {
    condition.withLock { [job = UnownedJob(job)] in
      jobs.append(job)
      condition.signal()
    }
  }

  private func next() -> UnownedJob {
    condition.withLock {
      while jobs.isEmpty { condition.wait() }
      return jobs.removeFirst()
    }
  }
}
