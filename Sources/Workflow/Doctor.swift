import Artifacts
import Glibc

/// One line of `ccr doctor`.
public struct Finding: Sendable {
  public let subject: String
  public let text: String
  /// Whether something is wrong that a run would stumble over.
  public let isTrouble: Bool
}

extension Study {
  /// Looks at programs, numerics, disk, locks and original files.
  public func diagnosis() throws -> [Finding] {
    var findings = [
      Finding(
        subject: "pipeline", text: "\(pipeline.path), profile \(plan.profile), \(plan.byDefault.count) instances", isTrouble: false)
    ]
    findings += try numerics()
    findings += resultsFindings()
    findings += try originals()
    remember()
    return findings
  }

  private func numerics() throws -> [Finding] {
    var findings: [Finding] = []
    var seen: Set<String> = []
    for name in plan.instances.map(\.program).unique {
      let program = try programs.program(name)
      findings.append(
        Finding(subject: "program \(name)", text: "\(program.digest.prefix(12))…  \(program.path)", isTrouble: false))
      guard let library = program.description.blasLibrary, let numericClass = program.description.numericClass,
        seen.insert("\(library) \(numericClass)").inserted
      else { continue }
      findings.append(
        Finding(subject: "numeric class", text: "\(numericClass)  (machines of one class give the same bits)", isTrouble: false))
      findings.append(
        Finding(
          subject: "OpenBLAS", text: "\(program.numericLibraries.first?.file.hex.prefix(12) ?? "")…  \(library)", isTrouble: library.isEmpty
        ))
    }
    return findings + speed()
  }

  /// The speed of matrix products as the program `benchmarks` measures it.
  private func speed() -> [Finding] {
    let environment = StageEnvironment.variables(data: data)
    let path = programs.path("benchmarks")
    guard access(path, X_OK) == 0,
      let (status, output) = try? ChildProcess.run(path, ["gemm", "--json"], environment: environment, within: .seconds(60)),
      status == .exited(0),
      let measured = try? JSONValue.parse(output, file: path), let speed = measured["gflops"]?.double
    else { return [] }
    let core = measured["blas_core"]?.string.map { ", kernels \($0)" } ?? ""
    return [Finding(subject: "matrix products", text: "\(Int(saturating: speed)) GFLOP/s on one thread\(core)", isTrouble: false)]
  }

  private func resultsFindings() -> [Finding] {
    do {
      try store.prepare()
      var disk = statvfs()
      let free = statvfs(results, &disk) == 0 ? Int(saturating: Double(disk.f_bavail) * Double(disk.f_frsize) / 1_073_741_824) : 0
      // A key of its own that no action has.
      let name = "doctor.\(PartFile.uniqueName())"
      guard let first = try store.lock(name) else { return [] }
      let second = try store.lock(name)
      first.release()
      return [
        Finding(subject: "results", text: "\(results), \(free) GiB free", isTrouble: free < 1),
        Finding(
          subject: "locks", text: second == nil ? "work" : "do not work on this file system: run one ccr at a time",
          isTrouble: second != nil),
      ]
    } catch {
      return [Finding(subject: "results", text: error.problem, isTrouble: true)]
    }
  }

  private func originals() throws -> [Finding] {
    try plan.instances.compactMap { instance in
      guard try programs.program(instance.program).description.originalsPinnedBy != nil else { return nil }
      guard let files = try programs.originalFiles(of: instance), let first = files.first else {
        return Finding(subject: instance.name, text: "original files not found (data folder \(data))", isTrouble: true)
      }
      return Finding(subject: instance.name, text: "\(files.count) original files, such as \(first.path)", isTrouble: false)
    }
  }
}
