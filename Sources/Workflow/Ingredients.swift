import Artifacts
import Glibc

/// What an action's key was computed from: held, or looked at again when the action has ended, so that what the key says is what was used.
struct Ingredients {
  /// An output of another instance, in the store.
  struct Object {
    let producer: Int
    let port: String
    let file: HashedFile
  }

  let program: Programs.Program
  /// Files that pipeline.json names, and original files whose content the settings leave open.
  let files: [HashedFile]
  /// What the stage said of its original files, where the settings leave their content open.
  let originals: JSONValue?
  /// Inputs from the store, once they were looked at.
  var objects: [Object] = []
  /// Of each single input where it comes from, for the provenance: the key says of it only what it holds.
  var sources: [JSONValue.Member] = []

  /// What was written since it was hashed, in words; nil where nothing was. Of programs that run see `HeldProgram`.
  var change: String? {
    if let file = (files + program.numericLibraries.map(\.file)).first(where: { !$0.isUnchanged }) { return file.path }
    return nil
  }

  /// The first input whose object is not the file that was looked at. One that was only touched, as against a cluster's clearing of old files,
  /// is; one that was made anew is not, whatever it holds: what was read may have been the one before.
  var alteredObject: Object? {
    objects.first { object in
      if object.file.isUnchanged { return false }
      guard let now = FileStamp(object.file.path), now.isSameFile(as: object.file.stamp) else { return true }
      return (try? FileDigests.Kind.object.digest(object.file.path))?.hex != object.file.hex
    }
  }
}

/// A program that runs, held open: replacing its file, as a build does, means nothing to it, writing into it does.
final class HeldProgram {
  private let program: Programs.Program
  private let descriptor: Int32
  /// Whether another program, which opens it by its path, interprets it.
  let isScript: Bool

  /// - Returns: nil where the file is no longer the one that was hashed.
  init?(_ program: Programs.Program) {
    self.program = program
    descriptor = open(program.path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    isScript = (try? ProgramDigest.isELF(program.path)) == false
    guard descriptor >= 0, isInPlace else { return nil }
  }

  /// Whether a process has it open.
  func isOpen(in process: pid_t) -> Bool {
    var file = stat()
    return fstat(descriptor, &file) == 0 && !OpenFiles.descriptors(of: Int(process), on: file).isEmpty
  }

  deinit { if descriptor >= 0 { close(descriptor) } }

  /// Whether the path names the very file that was hashed: asked before and after starting it, it was that file that was started.
  var isInPlace: Bool { FileStamp(descriptor: descriptor) == program.stamp && FileStamp(program.path) == program.stamp }

  /// Whether its content is what was hashed.
  var isUnchanged: Bool {
    guard let now = FileStamp(descriptor: descriptor), now.isSameWriting(as: program.stamp) else { return false }
    if now == program.stamp, program.isSettled { return true }
    return (try? ProgramDigest.ofFile("/proc/self/fd/\(descriptor)").hex) == program.digest
  }
}
