import Artifacts
import Glibc

/// The readable side of the store: `results/<profile>/<stage>/<coordinates>/` with links to the outputs and their provenance.
struct ResultFolder {
  let results: String
  let profile: String
  let store: Store

  func path(_ instance: Instance) -> String {
    "\(results)/\(profile)/\(instance.stage)/\(instance.coordinates.values.isEmpty ? "all" : instance.coordinates.description)"
  }

  /// From the folder of an instance to the store.
  private static let storePath = "../../../.store"

  /// Points the folder of an instance to a result; of one without outputs, the links to earlier ones go. What it pointed to before stays known, for `ccr why`.
  ///
  /// Any number of runners may do this at once: every link is made under a name of this process alone and renamed into place, and nothing
  /// is removed but links into the store.
  /// - Throws: `FileError`.
  func link(_ result: StoredResult, _ instance: Instance) throws {
    let place = path(instance)
    let provenance = "\(Self.storePath)/actions/\(result.action.prefix(2))/\(result.action)/provenance.json"
    let old = Folder.target(ofLink: "\(place)/provenance.json")
    let isNew = try old == nil && !result.action.isEmpty && store.makeFolder(place)
    for output in instance.outputs {
      guard let digest = result.outputs[output.port] else {
        if Folder.target(ofLink: "\(place)/\(output.file)")?.hasPrefix("\(Self.storePath)/cas/") == true {
          unlink("\(place)/\(output.file)")
        }
        continue
      }
      try put("\(place)/\(output.file)", "\(Self.storePath)/cas/\(digest.prefix(2))/\(digest)")
    }
    if old == provenance || result.action.isEmpty { return }
    let current = Set(instance.outputs.map(\.file) + ["provenance.json", ".previous.json"])
    for name in isNew ? [] : Folder.names(place) where !current.contains(name) {
      if Folder.target(ofLink: "\(place)/\(name)")?.hasPrefix("\(Self.storePath)/cas/") == true { unlink("\(place)/\(name)") }
    }
    if let old { try put("\(place)/.previous.json", old) }
    try put("\(place)/provenance.json", provenance)
  }

  private func put(_ link: String, _ target: String) throws {
    if Folder.target(ofLink: link) == target { return }
    try store.scratch().link(link, to: target) { store.notices.setAside(link) }
  }

  /// The key of the result that the folder of an instance points to.
  func linkedAction(_ instance: Instance) -> String? { Self.action(ofLink: "\(path(instance))/provenance.json") }

  /// The keys of all results that any profile's folder shows.
  var shown: [String] {
    places().compactMap { Self.action(ofLink: "\($0)/provenance.json") }
  }

  /// The folders of instances below the results, of all profiles.
  private func places() -> [String] {
    var places = [results]
    for _ in 0..<3 { places = places.flatMap { place in Folder.names(place).filter { !$0.hasPrefix(".") }.map { "\(place)/\($0)" } } }
    return places
  }

  /// The key of the action whose provenance a link of a result folder points to.
  static func action(ofLink link: String) -> String? {
    Folder.target(ofLink: link).flatMap { target in
      target.split(separator: "/").dropLast().last.flatMap { ContentDigest(hex: String($0))?.hex }
    }
  }

  /// The provenance of the result an instance has now, and of the one it had before; what was altered since it was written counts as absent.
  func provenance(_ instance: Instance) -> (now: JSONValue?, before: JSONValue?) {
    let place = path(instance)
    func read(_ link: String) -> JSONValue? { Self.action(ofLink: "\(place)/\(link)").flatMap(store.provenance) }
    return (read("provenance.json"), read(".previous.json"))
  }
}
