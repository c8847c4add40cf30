import Artifacts
import Glibc

/// A result that is in the store, but could not be shown where people look for it.
public struct PresentationFault: Sendable {
  public let instance: String
  public let problem: String
  public let remedy: String
}

/// Showing results: a step of its own after that which makes them, so that a failure here loses nothing and hides nothing.
extension Study {
  /// The folder that an instance publishes to; nil where nothing is published.
  func publishPlace(_ instance: Instance) -> String? {
    guard let publish = instance.publish, let publishFolder else { return nil }
    return publish.hasPrefix("/") ? publish : "\(publishFolder)/\(publish)"
  }

  /// The copies that an instance publishes, and the digests of what they should hold.
  func published(_ instance: Instance, _ result: StoredResult) -> [(path: String, digest: String)] {
    guard let place = publishPlace(instance) else { return [] }
    return instance.outputs.compactMap { output in result.outputs[output.port].map { ("\(place)/\(output.file)", $0) } }
  }

  /// The published copies that are missing or differ from the result.
  func unpublished(_ instance: Instance, _ result: StoredResult) -> [(path: String, digest: String)] {
    published(instance, result).filter { (try? store.digests.digest(of: $0.path)) != $0.digest }
  }

  /// Points the readable folder to a result and copies what is to be published.
  /// - Returns: what could not be shown.
  /// - Throws: `DamagedObject` where an output in the store turned out to be damaged.
  func present(_ result: StoredResult, _ number: Int) throws(DamagedObject) -> [PresentationFault] {
    let instance = plan.instances[number]
    var faults: [PresentationFault] = []
    func note(_ error: any Error, _ what: String, _ remedy: String) {
      let problem = (error as? any ExplainedError)?.problem ?? "\(error)"
      faults.append(PresentationFault(instance: instance.name, problem: "\(what): \(problem)", remedy: remedy))
    }
    do { try resultFolder.link(result, instance) } catch {
      note(
        error, "its result is kept, but not linked from \(resultFolder.path(instance))", "make the results folder writable, then run again")
    }
    for copy in unpublished(instance, result) {
      do {
        try publish(copy.digest, to: copy.path)
      } catch let damage as DamagedObject {
        throw damage
      } catch {
        note(
          error, "its result is kept, but not copied to \(copy.path)",
          "make that folder writable for this user, or name another one with --publish; then run again")
      }
    }
    return faults
  }

  private func publish(_ digest: String, to path: String) throws {
    let slash = path.lastIndex(of: "/") ?? path.startIndex
    let (folder, name) = (String(path[..<slash]), String(path[path.index(after: slash)...]))
    if !Folder.isFolder(folder) { try Folder.make(folder) }
    PartFile.removeAbandoned(in: folder, of: name)
    store.notices.setAside(path)
    try copy(digest, to: path)
    if let stamp = FileStamp(path) { store.digests.remember(digest, of: path, stamp) }
  }

  /// Copies an object out of the store, hashing what is copied.
  /// - Throws: `DamagedObject` where that is not what it should be; then nothing is copied, and the object counts as damaged from now on.
  func copy(_ digest: String, to path: String) throws {
    try AtomicFile.copy(store.object(digest), to: path) { copied in
      if copied.hex != digest { throw damaged(digest) }
    }
  }

  /// Lets an object count as damaged from now on, whatever its stamp says.
  func damaged(_ digest: String) -> DamagedObject {
    store.digests.forget(store.object(digest))
    return DamagedObject(path: store.object(digest))
  }
}

/// An object of the store that is not what its name says, though its stamp has not changed.
struct DamagedObject: ExplainedError {
  let path: String
  var problem: String { "\(path) is damaged: its content has another SHA-256 than its name" }
  var remedy: String { "run again: what made it is executed again" }
  var kind: ErrorKind { .inputOutput }
}
