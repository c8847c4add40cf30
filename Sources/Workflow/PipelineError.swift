import Artifacts

/// What can be wrong with pipeline.json or with what is asked of it; the place comes first where there is one.
public struct PipelineError: ExplainedError {
  public let place: String
  public let complaint: String
  public let remedy: String

  public init(_ complaint: String, remedy: String, place: String = "") {
    self.place = place
    self.complaint = complaint
    self.remedy = remedy
  }

  public var problem: String { place.isEmpty ? complaint : "\(place): \(complaint)" }
  public var kind: ErrorKind { .badInput }
}
