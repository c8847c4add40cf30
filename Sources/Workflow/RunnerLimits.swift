import Artifacts
import Glibc

/// Ends stages that take more time or memory than pipeline.json allows them.
extension Runner {
  func enforceLimits(_ execution: Execution) {
    if execution.isOver { return }
    if let overstep = execution.overstep {
      if ContinuousClock.now > overstep.killTime { execution.signal(SIGKILL) }
      return
    }
    let instance = study.plan.instances[execution.number]
    if let (bytes, spelling) = instance.limits.memory, execution.residentBytes > bytes {
      // Not asked first: saving a checkpoint would take more of what the machine has not.
      execution.end(
        Overstep(limit: "it took more memory than its limit, \"memory\": \"\(spelling)\" of stage \(instance.stage)", killTime: .now),
        by: SIGKILL)
    } else if let (seconds, spelling) = instance.limits.timeout, execution.seconds > seconds {
      execution.end(
        Overstep(
          limit: "it had not ended within its time, \"timeout\": \"\(spelling)\" of stage \(instance.stage)",
          killTime: .now + .seconds(options.grace)), by: SIGTERM)
    }
  }

  /// What to say of a stage that took more than its limit, but too shortly to be caught.
  func noteMemory(_ execution: Execution, _ usage: ChildProcess.Usage) {
    let instance = study.plan.instances[execution.number]
    guard let (bytes, spelling) = instance.limits.memory, usage.peakBytes > bytes else { return }
    let warning =
      "its peak of \(Quantity.bytes(Double(usage.peakBytes))) of memory was beyond its limit of \(spelling), too shortly to end it"
    if let warning = execution.keep(warning: warning) { tell(.warning(instance.name, warning)) }
  }
}

/// What processes have in memory, by the kernel's account.
enum ProcessMemory {
  /// Resident bytes of a process and of all it started, except those whose parent is gone; pages they share count once for each.
  static func resident(of root: pid_t) -> Int {
    var (open, bytes) = ([root], 0)
    while let process = open.popLast() {
      let fields = words("/proc/\(process)/statm")
      bytes += (fields.count > 1 ? Int(fields[1]) ?? 0 : 0) * sysconf(Int32(_SC_PAGESIZE))
      for thread in Folder.names("/proc/\(process)/task") {
        open += words("/proc/\(process)/task/\(thread)/children").compactMap { pid_t($0) }
      }
    }
    return bytes
  }

  private static func words(_ path: String) -> [Substring] {
    guard let bytes = try? AtomicFile.read(path) else { return [] }
    return String(decoding: bytes, as: UTF8.self).split { $0 == " " || $0 == "\n" }
  }
}
