import Artifacts

/// What an instance reads, looked at when it is used.
extension Study {
  enum Objects {
    case whole([Ingredients.Object])
    /// The result of this producer is no longer what it was.
    case altered(Int)
  }

  /// The inputs of an instance that lie in the store, each looked at now. Says nothing where the run is asked to stop meanwhile.
  func objects(of number: Int, _ results: (Int) -> StoredResult?) -> Objects {
    var objects: [Ingredients.Object] = []
    for (producer, port) in producers(of: number) {
      guard let digest = results(producer)?.outputs[port] else { continue }
      let file = try? store.digests.content(of: store.object(digest), as: .object)
      guard let file, file.hex == digest else { return .altered(producer) }
      objects.append(Ingredients.Object(producer: producer, port: port, file: file))
    }
    return .whole(objects)
  }

  /// Where the single inputs of an instance come from: instance, port, action and digest, or the file.
  func sources(of number: Int, _ results: (Int) -> StoredResult?) -> [JSONValue.Member] {
    plan.instances[number].inputs.compactMap { input in
      switch input.source {
      case .file(let file): return .init(input.port, ["file": .string(file)])
      case .instance(let producer, let port):
        guard let result = results(producer), let digest = result.outputs[port] else { return nil }
        let name = plan.instances[producer].name
        return .init(
          input.port,
          ["instance": .string(name), "port": .string(port), "action": .string(result.action), "output": .string(digest)])
      case .gathered: return nil
      }
    }
  }

  /// Why an instance cannot have a result: one that it reads has none, or all that it gathers at a port have none. Nil where it may have one.
  func absence(of number: Int, _ results: (Int) -> StoredResult?) -> String? {
    func words(_ producer: Int) -> String? {
      guard let result = results(producer), let reason = result.absence else { return nil }
      // Down a chain the first instance is named, which is the one to look at.
      return result.action.isEmpty ? reason : "\(plan.instances[producer].name): \(reason)"
    }
    for input in plan.instances[number].inputs {
      switch input.source {
      case .file: continue
      case .instance(let producer, _): if let reason = words(producer) { return reason }
      case .gathered(let list):
        let reasons = list.compactMap { words($0.instance) }
        if let first = reasons.first, reasons.count == list.count { return first }
      }
    }
    return nil
  }

  private func producers(of number: Int) -> [(producer: Int, port: String)] {
    plan.instances[number].inputs.flatMap { input -> [(producer: Int, port: String)] in
      switch input.source {
      case .file: []
      case .instance(let producer, let port): [(producer, port)]
      case .gathered(let list): list.map { ($0.instance, $0.port) }
      }
    }
  }

  /// The first output of a result that is not what its name says, in words; nil where all are.
  func unusableOutput(of number: Int, _ result: StoredResult) -> String? {
    for output in plan.instances[number].outputs {
      if let digest = result.outputs[output.port], let complaint = complaint(about: digest, number, output.port) {
        return "\(output.file) \(complaint)"
      }
    }
    return nil
  }

  private func complaint(about digest: String, _ number: Int, _ port: String) -> String? {
    let instance = plan.instances[number]
    guard let file = instance.outputs.first(where: { $0.port == port })?.file, let kind = FileKind(name: file) else { return nil }
    let datasets = (try? programs.program(instance.program))?.description.datasets(of: port) ?? []
    return kind.complaint(about: store.object(digest), datasets: datasets)
  }

  /// Which producer to execute anew where a stage could not use its input: one whose file is not what it should be, else one whose file the
  /// stage names in its log.
  func inputHint(_ execution: Execution) -> String? {
    let objects = execution.ingredients.objects
    func remedy(_ object: Ingredients.Object) -> String {
      "`\(command(plan.instances[object.producer].name, force: true))` makes it anew"
    }
    for object in objects {
      if let complaint = complaint(about: object.file.hex, object.producer, object.port) {
        return "the \(object.port) of \(plan.instances[object.producer].name) \(complaint): \(remedy(object))"
      }
    }
    let log = StageFailure.tail("\(store.attemptFolder(execution.key.hex))/log.txt").joined(separator: "\n")
    return objects.first { log.contains($0.file.hex) }.map { object in
      "\(object.file.hex.prefix(12))… is the \(object.port) of \(plan.instances[object.producer].name); if it is no good, \(remedy(object))"
    }
  }
}
