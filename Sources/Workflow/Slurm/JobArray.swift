/// Jobs of equal needs that one sbatch submits; an array where there are several.
package struct JobArray: Sendable {
  /// What must have ended well before its jobs begin.
  package struct After: Sendable {
    /// Arrays of this wave, all of their jobs.
    package var whole: [Int] = []
    /// Single jobs of arrays of this wave.
    package var single: [(array: Int, index: Int)] = []
    /// An array of this wave: each job waits for its job of the same index.
    package var each: Int?
    /// Jobs already in the cluster.
    package var queued: [String] = []
  }

  /// Places in the list of bundles.
  package let bundles: [Int]
  package let needs: JobNeeds
  package let after: After

  /// The next wave: as many jobs as there are slots, those that come first first, none before all it needs is submitted.
  /// - Parameters:
  ///   - slots: how many jobs more the cluster takes.
  ///   - most: how many jobs an array may have.
  package static func wave(of bundles: [JobBundle], tasks: [JobTask], slots: Int, most: Int) -> [JobArray] {
    var wave = Wave(bundles: bundles, slots: slots, most: max(1, most))
    var levels: [Int] = []
    for bundle in bundles { levels.append((bundle.upstream.map { levels[$0] }.max() ?? -1) + 1) }
    var groups: [[Int]] = []
    var known: [[String]: Int] = [:]
    for (number, bundle) in bundles.enumerated() {
      let needs = bundle.needs
      let sign =
        ["\(levels[number]) \(needs.minutes) \(needs.megabytes ?? 0) \(needs.cpus)"] + bundle.queued
        + bundle.tasks.map { tasks[$0].stage }
      if let group = known[sign] {
        groups[group].append(number)
      } else {
        known[sign] = groups.count
        groups.append([number])
      }
    }
    // What a group waits for is of lower levels, so it is submitted before.
    for group in groups.sorted(by: { (levels[$0[0]], $0[0]) < (levels[$1[0]], $1[0]) }) { wave.add(group) }
    return wave.arrays
  }

  private struct Wave {
    let bundles: [JobBundle]
    var slots: Int
    let most: Int
    var arrays: [JobArray] = []
    var place: [Int: (array: Int, index: Int)] = [:]

    /// Submits jobs that differ in nothing but in what they wait for.
    mutating func add(_ group: [Int]) {
      let ready = group.filter { bundles[$0].upstream.allSatisfy { place[$0] != nil } }
      // By the arrays they wait for.
      var parts: [[Int]: [Int]] = [:]
      for number in ready { parts[bundles[number].upstream.compactMap { place[$0]?.array }.unique, default: []].append(number) }
      for part in parts.values.sorted(by: { $0[0] < $1[0] }) { addPart(part) }
    }

    private mutating func addPart(_ group: [Int]) {
      if addEach(group) { return }
      var sets: [[Int]: [Int]] = [:]
      for number in group { sets[bundles[number].upstream, default: []].append(number) }
      for set in sets.values.sorted(by: { $0[0] < $1[0] }) { add(set, after: after(bundles[set[0]].upstream)) }
    }

    /// A chain of equal arrays: where every job waits for a job of its own in one array, and all for the same others.
    private mutating func addEach(_ group: [Int]) -> Bool {
      guard group.count > 1, group.count <= min(slots, most) else { return false }
      var uses: [Int: Int] = [:]
      for number in group { for producer in bundles[number].upstream { uses[producer, default: 0] += 1 } }
      let own = group.map { bundles[$0].upstream.filter { uses[$0] == 1 } }
      guard own.allSatisfy({ $0.count == 1 }), let array = place[own[0][0]]?.array, arrays[array].bundles.count == group.count,
        own.allSatisfy({ place[$0[0]]?.array == array })
      else { return false }
      let shared = Set(bundles[group[0]].upstream).subtracting(own[0])
      guard
        group.allSatisfy({ number in shared.isSubset(of: bundles[number].upstream) && bundles[number].upstream.count == shared.count + 1 })
      else { return false }
      let order = zip(group, own).sorted { (place[$0.1[0]]?.index ?? 0) < (place[$1.1[0]]?.index ?? 0) }.map(\.0)
      var after = after(shared.sorted())
      after.each = array
      add(order, after: after)
      return true
    }

    private func after(_ upstream: [Int]) -> After {
      var after = After()
      var left = upstream.compactMap { place[$0] }
      for array in left.map(\.array).unique where left.count(where: { $0.array == array }) == arrays[array].bundles.count {
        after.whole.append(array)
        left.removeAll { $0.array == array }
      }
      after.single = left
      return after
    }

    private mutating func add(_ jobs: [Int], after: After) {
      var jobs = jobs[...]
      while !jobs.isEmpty, slots > 0 {
        let part = Array(jobs.prefix(min(slots, most)))
        jobs = jobs.dropFirst(part.count)
        slots -= part.count
        for (index, job) in part.enumerated() { place[job] = (arrays.count, index) }
        var after = after
        after.queued = bundles[part[0]].queued
        arrays.append(JobArray(bundles: part, needs: bundles[part[0]].needs, after: after))
      }
    }
  }
}
