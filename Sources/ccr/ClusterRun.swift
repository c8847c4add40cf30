import ArgumentParser
import Artifacts
import Glibc
import Workflow

/// `ccr run --executor slurm`: submits, and by default stays to watch.
struct ClusterRun {
  let study: Study
  let selectors: [String]
  let options: StudyOptions
  let cluster: ClusterOptions
  let quiet: Bool

  private func say(_ word: String, _ text: String) {
    if !quiet { Console.say(word + String(repeating: " ", count: max(1, 10 - word.count)) + text) }
  }

  func submission() throws -> Submission {
    let program = "\(OwnFolder.path)/ccr"
    let words = options.words(study)
    return try Submission(
      study, study.select(selectors), options: cluster.slurm(study),
      command: [program, "run"] + words + cluster.words + ["--steward"] + (selectors.isEmpty ? [] : ["--"] + selectors),
      workCommand: [program, "work"] + words
    ) { say("notice", $0) }
  }

  /// Submits what comes next, as a job of the study.
  /// - Returns: the exit code.
  func steward() throws -> Int32 {
    let submission = try submission()
    try submission.present()
    report(try submission.advance(asked: false))
    return 0
  }

  /// - Returns: the exit code.
  func run(detach: Bool) throws -> Int32 {
    let submission = try submission()
    try submission.present()
    let outcome = try submission.advance(asked: true)
    report(outcome)
    if outcome.done == outcome.total { return outcome.left.isEmpty ? 0 : 1 }
    if outcome.queued == 0 {
      say("waiting", "the cluster takes no job of yours now: run again once others have ended")
      return EX_TEMPFAIL
    }
    if detach {
      say("detached", lookAgain)
      return 0
    }
    say("attached", "Ctrl-C leaves the jobs alone and gives the terminal back")
    let end = try submission.watch {
      say("done", $0)
    } progress: { progress in
      say("", "\(progress.done) of \(progress.total) done, \(progress.running) running, \(progress.queued) queued")
      for words in progress.words.prefix(5) { say("running", words) }
    }
    switch end {
    case .detached(let signal):
      say("detached", "nothing is stopped; \(lookAgain)")
      return 128 + signal
    case .over(let left):
      for case (let instance, let words, let log?) in left { Console.say("failed    \(instance): \(words)\n          log: \(log)") }
      let others = left.filter { $0.log == nil }
      for other in others.prefix(5) { Console.say("not run   \(other.instance): \(other.words)") }
      if others.count > 5 { Console.say("not run   and \(others.count - 5) more") }
      say("", left.isEmpty ? "all \(outcome.total) done" : "\(outcome.total - left.count) of \(outcome.total) done")
      return left.isEmpty ? 0 : 1
    }
  }

  private func report(_ outcome: Submission.Outcome) {
    var words = "\(outcome.jobs) job\(outcome.jobs == 1 ? "" : "s") in \(outcome.arrays) call\(outcome.arrays == 1 ? "" : "s")"
    words += "; of \(outcome.total) instances \(outcome.done) are done, \(outcome.queued) in the queue"
    if outcome.waiting > 0 { words += ", \(outcome.waiting) wait for the next wave" }
    if let steward = outcome.steward { words += "; job \(steward) submits what comes next" }
    if outcome.done < outcome.total {
      say("submitted", words)
    } else {
      say("", outcome.left.isEmpty ? "all \(outcome.total) done" : "\(outcome.total - outcome.left.count) of \(outcome.total) done")
    }
    for (instance, reason) in outcome.left.prefix(20) { say("left", "\(instance): \(reason)") }
    if outcome.left.count > 20 { say("left", "and \(outcome.left.count - 20) more") }
  }

  private var lookAgain: String {
    func command(_ verb: String) -> String { "`\((["ccr", verb] + study.words).joined(separator: " "))`" }
    return "\(command("status")) shows how far it is, the same `ccr run` again watches it, \(command("cancel")) ends it"
  }
}
