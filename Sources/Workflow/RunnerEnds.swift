import Artifacts
import Glibc

/// What becomes of stages that have ended.
extension Runner {
  /// How often in a row an instance may be changed under the runner's hands before that counts as a failure.
  private static let mostDiscards = 3

  func lookAtActive() throws {
    for execution in active {
      execution.poll()
      enforceLimits(execution)
      for event in execution.newEvents() { pass(event, of: execution) }
      guard let (status, usage) = execution.end else { continue }
      if let published = execution.publication {
        active.removeAll { $0 === execution }
        record(execution, usage, published)
      } else if !execution.isPublishing {
        look(at: execution, status, usage)
      }
    }
  }

  private func pass(_ event: JSONValue, of execution: Execution) {
    let name = study.plan.instances[execution.number].name
    switch event["event"]?.string {
    case "progress":
      let progress = StageProgress(event)
      if progress.total > 0 {
        remainingTime.progressed(execution.number, seconds: execution.seconds, share: Double(progress.done) / Double(progress.total))
      }
      tell(.progress(name, progress))
    case "warning":
      if let warning = execution.keep(warning: event["message"]?.string ?? "") { tell(.warning(name, Printable.text(warning))) }
    case "noResult": execution.absence = event["reason"]?.string.map { Printable.text(String($0.prefix(1000))) }
    default: break
    }
  }

  /// A process that has just ended.
  private func look(at execution: Execution, _ status: ChildProcess.Status, _ usage: ChildProcess.Usage) {
    guard execution.lock.isStillOwn else {
      active.removeAll { $0 === execution }
      return leave(execution)
    }
    let succeeded = status == .exited(0)
    // A stage that cannot use its input has perhaps seen what the stamps do not show.
    if status == .exited(ErrorKind.badInput.rawValue) {
      for object in execution.ingredients.objects
      where (try? FileDigests.Kind.object.digest(object.file.path))?.hex != object.file.hex && !isAskedToStop {
        study.store.digests.forget(object.file.path)
        discard(execution, "the \(object.port) of \(study.plan.instances[object.producer].name) was altered", altered: object)
        return
      }
    }
    if let object = execution.ingredients.alteredObject {
      discard(execution, "the \(object.port) of \(study.plan.instances[object.producer].name) was altered", altered: object)
      return
    }
    var change = execution.change
    if change == nil, succeeded {
      do {
        change = try study.changeOfOriginals(execution.number, execution.ingredients)
      } catch let error as UnstartableProgram where error.isBeingWritten && !stopping {
        // Asked at the next look.
        return
      } catch {
        let reason = (error as? any ExplainedError)?.problem ?? "its program does not answer"
        change = "whether the original files it reads were changed cannot be known (\(reason))"
      }
    }
    if let change {
      discard(execution, change)
      return
    }
    if succeeded {
      let instance = study.plan.instances[execution.number]
      execution.publish(
        Publication(
          attempt: study.store.attemptFolder(execution.key.hex),
          outputs: instance.outputs.map { output in
            Publication.Output(
              port: output.port, file: output.file, datasets: execution.ingredients.program.description.datasets(of: output.port))
          }, objects: "\(study.store.folder)/cas", pins: study.store.pins, notices: study.store.notices))
    } else {
      active.removeAll { $0 === execution }
      giveUp(execution, status, usage)
    }
  }

  private func record(_ execution: Execution, _ usage: ChildProcess.Usage, _ published: Result<[Publication.File], any Error>) {
    let number = execution.number
    let instance = study.plan.instances[number]
    let hex = execution.key.hex
    let attempt = study.store.attemptFolder(hex)
    do {
      guard execution.lock.isStillOwn else { return leave(execution) }
      let files = try published.get()
      noteMemory(execution, usage)
      let isKnown = study.store.record(hex).map { $0.absence == nil } ?? false
      let (result, differing) = try study.store.commit(hex, files, provenance: study.provenance(execution, usage, files)) { old in
        study.unusableOutput(of: number, old) == nil
      }
      tellOfOthers(in: attempt, instance, than: instance.outputs.map(\.file), "which is no declared output and is not kept")
      let isKept = files.allSatisfy { result.outputs[$0.port] == $0.digest }
      if isKept { rename("\(attempt)/log.txt", "\(study.store.actionFolder(hex))/log.txt") }
      Folder.remove(attempt)
      Folder.remove(study.store.checkpointFolder(hex))
      execution.lock.release()
      executedKeys.insert(hex)
      forced.remove(number)
      if isKnown, differing.isEmpty {
        if equal.insert(number).inserted { summary.equal += 1 }
        tell(.equal(instance.name))
      }
      if !differing.isEmpty {
        summary.differing += 1
        tell(.differs(instance.name, ports: differing, kept: !isKept))
      }
      remainingTime.executed(number, seconds: execution.seconds)
      tell(.finished(instance.name, seconds: execution.seconds))
      finish(number, result, cached: false)
      takeTwins(hex).forEach(again)
    } catch {
      let error = error as? any ExplainedError
      if error?.kind == .inputOutput { summary.machineFailed = true }
      fail(execution, "\(error?.problem ?? "its outputs cannot be kept"); \(error?.remedy ?? "run again")")
    }
  }

  /// Nothing that a stage wrote goes away unsaid.
  private func tellOfOthers(in attempt: String, _ instance: Instance, than outputs: [String], _ words: String) {
    let known = [ActionOwner.file, "request.json", "log.txt"] + outputs
    let others = Folder.names(attempt).filter { !known.contains($0) }
    guard let first = others.first else { return }
    let more = others.count > 1 ? " and \(others.count - 1) more" : ""
    tell(.warning(instance.name, "it also wrote \(Printable.text(first))\(more), \(words)"))
  }

  func present(_ result: StoredResult, _ number: Int) {
    do {
      for fault in try study.present(result, number) {
        summary.unpublished += 1
        tell(.unpublished(fault))
      }
    } catch {
      tell(.damaged(study.plan.instances[number].name, error.problem))
      takeBack(number)
    }
    passNotices()
  }

  func passNotices() { study.store.notices.take().forEach { tell(.notice($0)) } }

  /// Another host took this one for gone, as where it was suspended: what it does now is the result.
  private func leave(_ execution: Execution) {
    tell(.discarded(study.plan.instances[execution.number].name, "another host took over the work, since this one gave no sign of life"))
    execution.lock.release()
    for instance in [execution.number] + takeTwins(execution.key.hex) { again(instance) }
  }

  /// Waits no longer for outputs that are being hashed; their locks are held until this process ends.
  func leavePublications() {
    for execution in active where execution.isPublishing && execution.publication == nil {
      phases[execution.number] = .failed
      left.append(execution)
      tell(.interrupted(study.plan.instances[execution.number].name, checkpoint: false))
    }
    active.removeAll { execution in left.contains { $0 === execution } }
  }

  // MARK: No result

  /// An instance that has no result, and of which that is known: what gathers it goes on without it, all else that needs it falls away.
  func settled(_ number: Int, _ result: StoredResult) {
    phases[number] = .failed
    results[number] = result
    try? study.resultFolder.link(result, study.plan.instances[number])
    release(number)
  }

  /// Takes back that an instance is done, since an output of it was altered: it is settled again, and what has not started waits for it. One
  /// whose outputs are altered again and again fails.
  func takeBack(_ number: Int) {
    guard case .done(let cached) = phases[number], results.removeValue(forKey: number) != nil else { return }
    if cached { summary.cached -= 1 } else { summary.executed -= 1 }
    if equal.remove(number) != nil { summary.equal -= 1 }
    for consumer in consumers[number] ?? [] {
      switch phases[consumer] {
      case .waiting: missing[consumer, default: 0] += 1
      case .ready:
        ready.remove(consumer)
        unrated?[consumer] = nil
        phases[consumer] = .waiting
        missing[consumer] = 1
      default: break
      }
    }
    alterations[number, default: 0] += 1
    if alterations[number, default: 0] < Self.mostDiscards { again(number) } else { fail(number, AlteredAgain()) }
  }

  /// Those that waited for an equal key at work, and still do.
  private func takeTwins(_ key: String) -> [Int] {
    (twins.removeValue(forKey: key) ?? []).filter { if case .ready = phases[$0] { !ready.contains($0) } else { false } }
  }

  /// Lets an instance be settled anew, as soon as all its producers have results.
  func again(_ number: Int) {
    phases[number] = .waiting
    missing[number] = study.plan.instances[number].upstream.unique.count { results[$0] == nil }
    if missing[number] == 0 { unsettled.append(number) }
  }

  /// Drops what an execution made, its checkpoint too, since something it was made from is not what the key says; it is executed again.
  private func discard(_ execution: Execution, _ change: String, altered: Ingredients.Object? = nil) {
    active.removeAll { $0 === execution }
    let number = execution.number
    discards[number, default: 0] += 1
    Folder.remove(study.store.checkpointFolder(execution.key.hex))
    if let altered { takeBack(altered.producer) }
    guard discards[number, default: 0] < Self.mostDiscards else {
      return fail(execution, "\(change) while it ran, \(Self.mostDiscards) times in a row; leave that alone until the run has ended")
    }
    tell(.discarded(study.plan.instances[number].name, change))
    Folder.remove(study.store.attemptFolder(execution.key.hex))
    execution.lock.release()
    for instance in [number] + takeTwins(execution.key.hex) {
      if stopping { phases[instance] = .failed } else { again(instance) }
    }
  }

  private func giveUp(_ execution: Execution, _ status: ChildProcess.Status, _ usage: ChildProcess.Usage) {
    let name = study.plan.instances[execution.number].name
    if let overstep = execution.overstep { return fail(execution, overstep.words(isSaved: status == .exited(EX_TEMPFAIL))) }
    if status == .exited(EX_TEMPFAIL) || execution.wasSignalled {
      let isSaved = status == .exited(EX_TEMPFAIL)
      if isSaved { summary.interrupted += 1 }
      phases[execution.number] = .failed
      Folder.remove(study.store.attemptFolder(execution.key.hex))
      rmdir(study.store.checkpointFolder(execution.key.hex))
      execution.lock.release()
      tell(.interrupted(name, checkpoint: isSaved))
      return
    }
    if status == .exited(ErrorKind.inputOutput.rawValue) { summary.machineFailed = true }
    if status == .exited(ErrorKind.noResult.rawValue), let absence = execution.absence { return record(execution, usage, absence: absence) }
    var reason = StageFailure.words(status, usage)
    if status == .exited(ErrorKind.badInput.rawValue), let hint = study.inputHint(execution) { reason += "; \(hint)" }
    fail(execution, reason, wasKilled: status == .killed(signal: SIGKILL))
  }

  /// Keeps that an action has no result, so that the next run need not do the work again to know it. What does not need it goes on.
  private func record(_ execution: Execution, _ usage: ChildProcess.Usage, absence: String) {
    let (number, hex) = (execution.number, execution.key.hex)
    let attempt = study.store.attemptFolder(hex)
    guard execution.lock.isStillOwn else { return leave(execution) }
    do {
      let result = try study.store.commit(hex, absence: absence, provenance: study.provenance(execution, usage, []))
      guard result.absence != nil else { return fail(execution, "\(absence); the result that it gave before stays") }
      let log = "\(study.store.actionFolder(hex))/log.txt"
      rename("\(attempt)/log.txt", log)
      tellOfOthers(in: attempt, study.plan.instances[number], than: [], "which is not kept, since it has no result")
      Folder.remove(attempt)
      Folder.remove(study.store.checkpointFolder(hex))
      execution.lock.release()
      executedKeys.insert(hex)
      forced.remove(number)
      tell(
        .failed(
          StageFailure(
            instance: study.plan.instances[number].name, reason: absence, log: StageFailure.tail(log), logPath: log, command: "")))
      summary.failed += 1
      settled(number, result)
      takeTwins(hex).forEach(again)
    } catch {
      let error = error as? any ExplainedError
      if error?.kind == .inputOutput { summary.machineFailed = true }
      fail(execution, "\(absence); that cannot be recorded: \(error?.problem ?? "the store cannot be written")")
    }
  }

  private func fail(_ execution: Execution, _ reason: String, wasKilled: Bool = false) {
    let name = study.plan.instances[execution.number].name
    let attempt = study.store.attemptFolder(execution.key.hex)
    let record: JSONValue = [
      "instance": .string(name), "profile": .string(study.plan.profile), "reason": .string(reason), "command": .string(execution.command),
    ]
    try? AtomicFile.write(record.pretty + "\n", to: "\(attempt)/failure.json")
    unlink("\(attempt)/\(ActionOwner.file)")
    rmdir(study.store.checkpointFolder(execution.key.hex))
    execution.lock.release()
    // The same would fail again.
    for twin in takeTwins(execution.key.hex) { phases[twin] = .failed }
    end(
      execution.number,
      StageFailure(
        instance: name, reason: reason, log: StageFailure.tail("\(attempt)/log.txt"), logPath: "\(attempt)/log.txt",
        command: execution.command, wasKilled: wasKilled))
  }

  /// An instance that could not even be started.
  func fail(_ number: Int, _ error: any Error) {
    let error = error as? any ExplainedError
    if error?.kind == .inputOutput { summary.machineFailed = true }
    end(
      number,
      StageFailure(
        instance: study.plan.instances[number].name,
        reason: "\(error?.problem ?? "it cannot be started"); \(error?.remedy ?? "run again")", log: [], logPath: "", command: ""))
  }

  private func end(_ number: Int, _ failure: StageFailure) {
    phases[number] = .failed
    summary.failed += 1
    tell(.failed(failure))
    if !options.keepGoing { startNothing() }
  }
}

private struct AlteredAgain: ExplainedError {
  let problem = "its result was altered after it was made, several times in a row: something still writes into it"
  let remedy = "end what the stage left behind, or what writes into the results folder; then run again"
  let kind = ErrorKind.badInput
}
