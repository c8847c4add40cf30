import Artifacts
import Glibc

/// What was submitted for an instance: the newest job.
package struct SubmittedJob: Sendable {
  let key: String
  let instance: String
  /// `123`, or `123_4` for a job of an array.
  let job: String
  /// The name that sbatch was given.
  let name: String
  let needs: JobNeeds
  /// How often its needs were raised, since a job ended for want of memory or time.
  let raises: Int
  /// How often it was submitted anew without having come further.
  let repeats: Int
  /// The last state the cluster was seen to give it once it had ended, or empty: the cluster forgets.
  package var lastState = ""

  /// The state of what `ccr cancel` ended.
  package static let cancelledByPerson = "CANCELLED by ccr cancel"

  var json: JSONValue {
    [
      "key": .string(key), "instance": .string(instance), "job": .string(job), "name": .string(name), "minutes": .integer(needs.minutes),
      "megabytes": needs.megabytes.map(JSONValue.integer) ?? .null, "cpus": .integer(needs.cpus), "raises": .integer(raises),
      "repeats": .integer(repeats), "lastState": .string(lastState),
    ]
  }

  package init(
    key: String, instance: String, job: String, name: String, needs: JobNeeds, raises: Int, repeats: Int
  ) {
    (self.key, self.instance, self.job, self.name, self.needs) = (key, instance, job, name, needs)
    (self.raises, self.repeats) = (raises, repeats)
  }

  init?(_ json: JSONValue?) {
    guard let json, let key = json["key"]?.string, let job = json["job"]?.string, let name = json["name"]?.string,
      let minutes = json["minutes"]?.integer, let cpus = json["cpus"]?.integer
    else { return nil }
    (self.key, self.job, self.name) = (key, job, name)
    instance = json["instance"]?.string ?? ""
    // Nobody answers for what lies there.
    func bounded(_ number: Int) -> Int { min(max(number, 0), 1 << 40) }
    needs = JobNeeds(minutes: bounded(minutes), megabytes: json["megabytes"]?.integer.map(bounded), cpus: bounded(cpus))
    raises = bounded(json["raises"]?.integer ?? 0)
    repeats = bounded(json["repeats"]?.integer ?? 0)
    lastState = json["lastState"]?.string ?? ""
  }
}

/// What a job says of its work on an instance: the truth about how it ended, as far as the job lived to write it.
package struct JobEnd: Sendable {
  package enum End: String, Sendable {
    /// It has begun.
    case atWork = "at work"
    case done
    /// The stage failed by itself.
    case failed
    /// The stage was killed for want of memory.
    case memory
    /// The time limit came, and nothing was saved, or nothing more than the last time.
    case time
    /// The time limit came, a checkpoint was saved, and the job is to go on.
    case saved
    /// Asked to end, by scancel, a preemption or the site.
    case stopped
    /// What it reads from is not in the store.
    case absent
    /// Somebody else executes it.
    case busy
    /// The job ended before its turn came.
    case unreached
  }

  /// The job, `123` or `123_4`.
  let job: String
  let end: End
  /// For people.
  var words = ""
  var host = ""
  /// Seconds since the epoch.
  var began = 0
  var ended = 0
  /// How far the stage is, by its own account.
  var progress = ""
  /// From where the work goes on: "epoch 3"; empty for the beginning.
  var place = ""

  package init(job: String, end: End) { (self.job, self.end) = (job, end) }

  var json: JSONValue {
    [
      "job": .string(job), "end": .string(end.rawValue), "words": .string(words), "host": .string(host), "began": .integer(began),
      "ended": .integer(ended), "progress": .string(progress), "place": .string(place),
    ]
  }

  init?(_ json: JSONValue?) {
    guard let json, let job = json["job"]?.string, let end = json["end"]?.string.flatMap(End.init) else { return nil }
    (self.job, self.end) = (job, end)
    words = json["words"]?.string ?? ""
    host = json["host"]?.string ?? ""
    began = json["began"]?.integer ?? 0
    ended = json["ended"]?.integer ?? 0
    progress = json["progress"]?.string ?? ""
    place = json["place"]?.string ?? ""
  }
}

/// What is known of the jobs of a study, beside its store.
///
///     .slurm/jobs/<planned key>.json    the newest job submitted for an instance
///            ends/<planned key>.json    what that job says of itself
///            stewards/<job name>        the jobs that submit what comes next
///            logs/<job name>…           what jobs print
///            scripts/                   what was submitted
///
/// Losing it loses no result: the store alone says what is done.
struct JobRecords {
  let folder: String

  init(results: String) { folder = "\(results)/.slurm" }

  func make() throws(FileError) {
    for name in ["jobs", "ends", "stewards", "logs", "scripts"] { try Folder.make("\(folder)/\(name)") }
  }

  func job(_ key: String) -> SubmittedJob? { SubmittedJob(Store.json("\(folder)/jobs/\(key).json")) }
  func end(_ key: String) -> JobEnd? { JobEnd(Store.json("\(folder)/ends/\(key).json")) }

  func remove(_ key: String) { unlink("\(folder)/jobs/\(key).json") }

  func write(_ job: SubmittedJob) throws { try AtomicFile.write(job.json.pretty + "\n", to: "\(folder)/jobs/\(job.key).json") }
  func write(_ end: JobEnd, of key: String) throws { try AtomicFile.write(end.json.pretty + "\n", to: "\(folder)/ends/\(key).json") }

  func log(_ name: String, index: String?) -> String { "\(folder)/logs/\(name)\(index.map { "-\($0)" } ?? "").txt" }

  /// The log of a job that was submitted.
  func log(of job: SubmittedJob) -> String {
    let parts = job.job.split(separator: "_")
    return log(job.name, index: parts.count == 2 ? String(parts[1]) : nil)
  }

  /// The names of stewards of a profile that may still be in the queue, with their numbers.
  func stewards(_ profile: String) -> [(name: String, job: String)] {
    Folder.names("\(folder)/stewards").compactMap { name in
      guard let json = Store.json("\(folder)/stewards/\(name)"), json["profile"]?.string == profile, let job = json["job"]?.string else {
        return nil
      }
      return (name, job)
    }
  }

  func add(steward name: String, job: String, profile: String) throws {
    let json: JSONValue = ["profile": .string(profile), "job": .string(job)]
    try AtomicFile.write(json.pretty + "\n", to: "\(folder)/stewards/\(name)")
  }

  func remove(steward name: String) { unlink("\(folder)/stewards/\(name)") }
}
