import Artifacts
import Glibc

/// What was recorded of results, without the pipeline file and the programs that made them.
public struct Records {
  /// A result that a folder shows.
  struct Shown {
    let instance: String
    let action: String
  }

  public let results: String
  /// The folder of the pipeline file, to which names of published folders are relative.
  let folder: String
  let store: Store
  /// The options that name the pipeline file and the results to a command called in the study's folder.
  let (pipelineWords, resultsWords): ([String], [String])

  /// - Parameters:
  ///   - pipeline: path of the pipeline file, which need not be there.
  ///   - results: nil for `results` beside it.
  public init(pipeline: String, results: String?) {
    folder = Folder.absolute(pipeline.lastIndex(of: "/").map { String(pipeline[...$0].dropLast()) } ?? ".")
    self.results = results.map(Folder.absolute) ?? "\(folder)/results"
    store = Store(results: self.results)
    pipelineWords = Study.words(pipeline: pipeline)
    resultsWords = results.map { ["--results \(Shell.quoted($0))"] } ?? []
  }

  /// Names of the profiles of which there are results, sorted.
  var profiles: [String] {
    Folder.names(results).filter { !$0.hasPrefix(".") && Folder.isFolder("\(results)/\($0)") }
  }

  /// What a profile's folder shows, by the names of the instances.
  func shown(_ profile: String) -> [Shown] {
    let top = "\(results)/\(profile)"
    return Folder.names(top).flatMap { stage in
      Folder.names("\(top)/\(stage)").compactMap { place in
        ResultFolder.action(ofLink: "\(top)/\(stage)/\(place)/provenance.json").map {
          Shown(instance: place == "all" ? stage : "\(stage)[\(place)]", action: $0)
        }
      }
    }
  }

  /// The file of an output of a result, where its provenance names it and it is there and whole.
  func file(_ port: JSONValue.Member) -> (name: String, path: String)? {
    guard let name = port.value["file"]?.string, let digest = port.value["digest"]?.string,
      (try? store.digests.digest(of: store.object(digest))) == digest
    else { return nil }
    return (name, store.object(digest))
  }

  /// The tables among the results of a profile, by name, with the instances that made them.
  func tables(_ profile: String) -> [(name: String, table: JSONValue, maker: Shown)] {
    shown(profile).flatMap { one -> [(String, JSONValue, Shown)] in
      (store.provenance(one.action)?["outputs"]?.object ?? []).compactMap { port in
        guard port.value["file"]?.string?.hasSuffix(".json") == true, let (name, path) = file(port), let json = Store.json(path),
          TableCells.isTable(json)
        else { return nil }
        return (String(name.dropLast(".json".count)), json, one)
      }
    }
  }

  /// The results that have an output of this content: who may have made an input of which only the content was recorded.
  func makers(of digest: String) -> [String] { store.keys.filter { store.record($0)?.outputs.values.contains(digest) == true } }
}

/// The cells of a table as `tabulate` writes them.
enum TableCells {
  static func isTable(_ json: JSONValue) -> Bool { json["table"]?.string != nil && json["cells"]?.array != nil }

  /// `CCR/fashion-mnist/ACC`
  static func name(_ cell: JSONValue) -> String { ["row", "dataset", "metric"].compactMap { cell[$0]?.string }.joined(separator: "/") }

  static func all(_ table: JSONValue) -> [JSONValue] { table["cells"]?.array ?? [] }

  static func sources(_ cell: JSONValue) -> [(instance: String, action: String, output: String)] {
    (cell["sources"]?.array ?? []).compactMap { source in
      guard let instance = source["instance"]?.string, let action = source["action"]?.string, let output = source["output"]?.string else {
        return nil
      }
      return (instance, action, output)
    }
  }
}
