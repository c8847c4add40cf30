/// A runner that is a job of a cluster: it executes what it is asked for and nothing else.
extension Runner {
  /// What another job makes.
  func passBy(_ number: Int) {
    phases[number] = .failed
    tell(.absent(study.plan.instances[number].name))
  }

  /// A job does not hold its node while somebody else executes what is left.
  func leaveToOthers() {
    guard options.asJob, active.isEmpty, !waits.isEmpty, !ready.isEmpty else { return alone = nil }
    let since = alone ?? .now
    alone = since
    guard ContinuousClock.now - since > .seconds(30) else { return }
    for number in waits.keys.sorted() { tell(.leftToOther(study.plan.instances[number].name)) }
    startNothing()
  }

  func startNothing() {
    stopping = true
    ready = ReadyQueue()
    unrated?.removeAll()
    unsettled = []
    changing = []
  }
}
