import Artifacts

/// What can go wrong between this project and Slurm.
public enum ClusterError: ExplainedError {
  case noCommand(String)
  /// A command of Slurm that did not do its work: its name and its words.
  case refused(command: String, words: String)
  case unknownPartition(String, known: [String])
  case tooLong(minutes: Int, partition: String, most: Int)
  case tooMuch(what: String, asked: Int, partition: String, most: Int)
  case unknownKey(String, pipeline: String, profile: String)
  case option(String, complaint: String)

  public var problem: String {
    switch self {
    case .noCommand(let name): "there is no command \(name) in PATH, so this is no machine of a Slurm cluster"
    case .refused(let command, let words): "\(command) failed: \(words)"
    case .unknownPartition(let name, _): "the cluster has no partition \(name)"
    case .tooLong(let minutes, let partition, let most):
      "partition \(partition) ends jobs after \(most) minutes, and \(minutes) are asked for"
    case .tooMuch(let what, let asked, let partition, let most):
      "no node of partition \(partition) has \(asked) \(what): the largest has \(most)"
    case .unknownKey(let key, let pipeline, let profile): "profile \(profile) of \(pipeline) has no instance with the planned key \(key)"
    case .option(let name, let complaint): "\(name) \(complaint)"
    }
  }

  public var remedy: String {
    switch self {
    case .noCommand: "run on a login node, load the site's module of Slurm, or run without --executor slurm"
    case .refused:
      "mend what it names; sinfo shows whether the cluster answers; nothing that was submitted before is lost: run again to go on"
    case .unknownPartition(_, let known): "name one of \(known.joined(separator: ", ")) with --partition"
    case .tooLong(_, _, let most):
      "ask for at most --time \(most): training saves a checkpoint before the limit and goes on; or name another partition"
    case .tooMuch: "ask for less, or name another partition"
    case .unknownKey: "pipeline.json was changed since this was submitted: ccr run --executor slurm submits what it says now"
    case .option: "correct it"
    }
  }

  public var kind: ErrorKind {
    switch self {
    case .refused: .inputOutput
    default: .badInput
    }
  }
}
