import Artifacts

/// What another process needs to open the same study from any folder.
extension Study {
  public var pipelinePath: String { Folder.absolute(pipeline.path) }
  /// The folder to which the folders that pipeline.json publishes to are relative.
  public var publishPath: String { publishFolder ?? folder }
  /// What the profile's jobs ask a cluster for.
  public var profileSlurm: JSONValue? { pipeline.profiles.first { $0.name == plan.profile }?.slurm }
}
