import Artifacts
import Foundation
import Synchronization
import TestSupport
import Testing
import Workflow

/// Locks for file systems that keep none between hosts.
@Suite(.waiting)
struct LeaseTests {
  /// Each time another: a process looks at a lease of others only now and then.
  private func withFolder(_ body: (String) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.path + "/ccr-lease-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try body("\(folder)/key.lease")
  }

  /// A lease of somebody: `place` as of another host, or a process that is gone.
  private func foreign(_ path: String, place: String = "elsewhere.0 pid:[1]", age: Int) throws {
    let record: JSONValue = [
      "token": "other", "owner": ["place": .string(place), "runner": ["process": 1, "started": 1], "stage": .null],
    ]
    try AtomicFile.write(record.compact + "\n", to: path)
    var times = [timespec(tv_sec: time(nil) - age, tv_nsec: 0), timespec(tv_sec: time(nil) - age, tv_nsec: 0)]
    utimensat(AT_FDCWD, path, &times, 0)
  }

  @Test func oneHasItUntilItIsReleased() throws {
    try withFolder { path in
      let first = try #require(try Lease.take(path))
      #expect(first.isOwn && Lease.isHeld(path))
      #expect(try Lease.take(path) == nil)
      first.release()
      #expect(!Lease.isHeld(path) && access(path, F_OK) != 0)
      #expect(try Lease.take(path) != nil)
    }
  }

  @Test func anotherHostsIsLeftAsLongAsItIsRenewed() throws {
    try withFolder { path in
      try foreign(path, age: 200)
      #expect(Lease.isHeld(path))
      #expect(try Lease.take(path) == nil)
    }
    try withFolder { path in
      try foreign(path, age: 400)
      #expect(!Lease.isHeld(path))
      let taken = try #require(try Lease.take(path))
      #expect(taken.isOwn)
      // The one that was silent comes back: it must not record what it made.
      try foreign(path, age: 0)
      #expect(!taken.isOwn)
      taken.release()
      #expect(access(path, F_OK) == 0)
    }
  }

  @Test func ofManyWhoFindItAbandonedOneTakesIt() throws {
    for _ in 0..<20 {
      try withFolder { path in
        try foreign(path, age: 400)
        // Each in a process of its own would look at its own; here they share how often they look.
        let count = Mutex<[Lease]>([])
        DispatchQueue.concurrentPerform(iterations: 8) { _ in
          if let lease = try? Lease.take(path) {
            count.withLock { $0.append(lease) }
          }
        }
        #expect(count.withLock { $0.count } == 1)
      }
    }
  }

  @Test func runnersThatTrustNoLockExecuteEachActionOnce() throws {
    let study = try ToyStudy(act: "tick")
    let runners = try (0..<4).map { _ in try study.start(["run", "--json", "--jobs", "2"], environment: ["CCR_LOCKS": "lease"]) }
    for output in runners.map({ $0.output() }) { #expect(output.code == 0, "\(output.error)") }
    #expect(study.executedInstances.count == ToyStudy.instances)
    #expect(study.files("results/.store/locks").isEmpty)
  }

  /// A runner that was silent for so long that another host took the work over: what lies there is the other's, also when this one is stopped.
  @Test func whoLostItLeavesTheOthersAttemptAlone() throws {
    let study = try ToyStudy(act: "patient")
    let (process, output) = try study.start(["run", "make[dataset=a,method=x,seed=0]"], environment: ["CCR_LOCKS": "lease"])
    try study.waitUntilListening()
    let lease = try #require(study.files("results/.store/locks").first { $0.hasSuffix(".lease") })
    let attempt = try #require(study.files("results/.store/attempts").first).replacingOccurrences(
      of: "/[^/]*$", with: "", options: .regularExpression)
    unlink(lease)
    try foreign(lease, age: 0)
    try AtomicFile.write("half", to: "\(attempt)/others.txt")
    kill(process.processIdentifier, SIGTERM)
    let run = output()
    #expect(run.error.contains("another host took over the work"), "\(run.error)")
    #expect(access("\(attempt)/others.txt", F_OK) == 0 && access(lease, F_OK) == 0)
  }

  @Test func fileSystemsAreKnownByWhatTheyAreMountedWith() {
    let mounts = """
      22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
      30 22 0:40 / /home rw,relatime shared:2 - nfs4 server:/home rw,vers=4.2,local_lock=none
      31 22 0:41 / /old rw,relatime - nfs server:/old rw,vers=3,nolock,local_lock=all
      32 22 0:42 / /scratch rw - lustre mds:/scratch rw,flock,lazystatfs
      33 22 0:43 / /scratch/with\\040space rw - lustre mds:/s rw,localflock
      34 22 0:44 / /far rw - fuse.sshfs host:/ rw
      """
    func reaches(_ path: String) -> Bool? {
      FileLocks.mount(of: path, in: mounts).map { FileLocks.reachAllHosts(kind: $0.kind, options: $0.options) }
    }
    #expect(reaches("/var/x") == true && reaches("/home/me") == true && reaches("/homeless") == true)
    #expect(reaches("/old/x") == false && reaches("/scratch/x") == true && reaches("/scratch/with space/x") == false)
    #expect(reaches("/far") == false)
  }
}
