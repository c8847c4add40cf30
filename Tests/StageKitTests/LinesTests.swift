import Foundation
import StageKit
import Testing

struct LinesTests {
  /// Longer than what a pipe takes in one piece, so that a write waits in the middle.
  @Test func linesOfManyThreadsAreWhole() {
    let pipe = Pipe()
    let lines = Lines(to: pipe.fileHandleForWriting.fileDescriptor)
    let writers = DispatchGroup()
    for letter in "abcd" {
      writers.enter()
      Thread {
        for _ in 0..<10 { lines.say(String(repeating: letter, count: 100_000)) }
        writers.leave()
      }.start()
    }
    Thread {
      writers.wait()
      try? pipe.fileHandleForWriting.close()
    }.start()
    let read = pipe.fileHandleForReading.readDataToEndOfFile().split(separator: 10)
    #expect(read.count == 40 && read.allSatisfy { $0.count == 100_000 && Set($0).count == 1 })
  }

  /// As a progress line that another thread has ready when the process is stopped.
  @Test func nothingIsSaidAfterTheLastLine() throws {
    let pipe = Pipe()
    let lines = Lines(to: pipe.fileHandleForWriting.fileDescriptor)
    let other = Thread { lines.say("progress") }
    lines.say("stopped") {
      other.start()
      // A thread that would not wait has said it by now; were it later, only this test would not see it.
      usleep(200_000)
      #expect(pipe.fileHandleForReading.availableData == Data("stopped\n".utf8))
    }
    #expect(pipe.fileHandleForReading.availableData == Data("progress\n".utf8))
  }
}
