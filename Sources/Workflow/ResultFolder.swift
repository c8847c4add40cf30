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

  /// Points the folder of an instance to a result. What it pointed to before stays known, for `ccr why`.
  func link(_ result: StoredResult, _ instance: Instance) throws {
    let place = path(instance)
    let depth = "../../../.store"
    let provenance = "\(depth)/actions/\(result.action.prefix(2))/\(result.action)/provenance.json"
    let old = Folder.target(ofLink: "\(place)/provenance.json")
    if old == nil { try Folder.make(place) }
    for output in instance.outputs {
      guard let digest = result.outputs[output.port] else { continue }
      try Folder.link("\(place)/\(output.file)", to: "\(depth)/cas/\(digest.prefix(2))/\(digest)")
    }
    if old == provenance { return }
    let current = Set(instance.outputs.map(\.file) + ["provenance.json", ".previous.json"])
    for stale in Folder.names(place) where !current.contains(stale) { unlink("\(place)/\(stale)") }
    if let old { try Folder.link("\(place)/.previous.json", to: old) }
    try Folder.link("\(place)/provenance.json", to: provenance)
  }

  /// The provenance of the result an instance has now, and of the one it had before.
  func provenance(_ instance: Instance) -> (now: JSONValue?, before: JSONValue?) {
    let place = path(instance)
    return (Store.json("\(place)/provenance.json"), Store.json("\(place)/.previous.json"))
  }
}
