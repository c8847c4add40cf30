import Artifacts
import Foundation
import Testing

struct HDF5LockTests {
  /// As by a program that inherited the file while it was being written.
  @Test func aLockThatAnotherHoldsHindersNoReader() throws {
    let path = FileManager.default.temporaryDirectory.path + "/ccr-lock-\(UUID().uuidString).h5"
    defer { try? FileManager.default.removeItem(atPath: path) }
    try LabelsFile.write(Labels(values: [0, 1], classNames: ["a", "b"]), to: path)
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    defer { close(descriptor) }
    #expect(flock(descriptor, LOCK_EX | LOCK_NB) == 0)
    #expect(try LabelsFile.read(path).values == [0, 1])
  }
}
