import Artifacts

extension Study {
  /// Copies results out under names that say what they are, such as `tsne-fashion-mnist-ccr-seed0-end.png`.
  /// - Parameters:
  ///   - ports: which outputs; empty for the pictures of stages that make pictures, and for everything of the others.
  ///   - format: ending of the files wanted, such as `pdf`; nil for pictures as PNG. Outputs of other kinds are left out.
  ///   - target: the folder to copy to; made where missing.
  /// - Returns: the names of the files written.
  /// - Throws: `PipelineError` where a selected instance has no result yet, or where none has a file of the format; then nothing is copied. Where a result turns out to be damaged
  ///   while it is copied, that and what follows is not copied.
  public func export(_ selected: [Int], ports: [String], format: String? = nil, to target: String) throws -> [String] {
    let standings = try standings()
    let missing = selected.filter { !standings[$0].hasResult }.map { plan.instances[$0].name }
    if let first = missing.first {
      let others = missing.count > 1 ? " and \(missing.count - 1) more" : ""
      throw PipelineError(.missing(what: "the result of \(first)\(others)", remedy: "run `\(command(first))` first"))
    }
    let known = selected.flatMap { plan.instances[$0].outputs.map(\.port) }.unique
    for port in ports where !known.contains(port) { throw PipelineError(.unknown(kind: "output", name: port, known: known)) }
    func chosen(_ instance: Instance) -> [(port: String, file: String)] {
      let asked = instance.outputs.filter { ports.isEmpty || ports.contains($0.port) }
      if let format { return asked.filter { $0.file.hasSuffix(".\(format)") } }
      let pictures = asked.filter { $0.file.hasSuffix(".png") }
      return ports.isEmpty && !pictures.isEmpty ? pictures : asked
    }
    if let format, !selected.contains(where: { !chosen(plan.instances[$0]).isEmpty }) {
      let formats = selected.flatMap { plan.instances[$0].outputs.compactMap { $0.file.split(separator: ".").last.map(String.init) } }
        .unique
      throw PipelineError(.unknown(kind: "format of these outputs", name: format, known: formats))
    }
    if !Folder.isFolder(target) { try Folder.make(target) }
    var names: [String] = []
    for number in selected {
      let instance = plan.instances[number]
      let chosen = chosen(instance)
      for output in chosen {
        guard let digest = standings[number].outputs.first(where: { $0.port == output.port })?.digest else { continue }
        let readable = Self.readableName(instance, output.file, distinguishing: chosen.count > 1 ? output.port : nil)
        // Two words of one coordinate may read like those of two.
        let name = names.contains(readable) ? "\(instance.name)-\(output.file)" : readable
        PartFile.removeAbandoned(in: target, of: name)
        do {
          try copy(digest, to: "\(target)/\(name)")
        } catch let damage as DamagedObject {
          remember()
          throw PipelineError(
            .program(
              "the \(output.port) of \(instance.name) is damaged: \(damage.problem)",
              remedy: "run `\(command(instance.name))`, then export again"))
        }
        names.append(name)
      }
    }
    return names
  }

  /// Stage, words of the coordinates, numbers with their axis; the port where several outputs of one instance are copied.
  static func readableName(_ instance: Instance, _ file: String, distinguishing port: String?) -> String {
    let places = instance.coordinates.values.map { $0.value.string ?? "\($0.name)\($0.value.canonical)" }
    let ending = file.lastIndex(of: ".").map { String(file[$0...]) } ?? ""
    return ([instance.stage] + places + (port.map { [$0] } ?? [])).joined(separator: "-") + ending
  }
}
