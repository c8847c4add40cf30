import Artifacts

/// One run of a stage at one place of its matrix. An object, since plans have many and everything looks at them again and again.
public final class Instance: Sendable {
  /// Where an input comes from; instances are named by their number in the plan.
  public enum Source: Sendable {
    case instance(Int, port: String)
    case gathered([(instance: Int, port: String)])
    case file(String)
  }

  /// `train[dataset=fashion-mnist,method=ccr,seed=0]`
  public let name: String
  public let stage: String
  public let coordinates: Coordinates
  /// What sweeps set here.
  let sweep: PlanBuilder.Variant
  public let program: String
  public let parameters: JSONValue
  /// Where each parameter, by its dotted name, stands in pipeline.json.
  let places: [String: String]
  public let inputs: [(port: String, source: Source)]
  public let outputs: [(port: String, file: String)]
  /// Folder that gets copies of the outputs, relative to pipeline.json; nil for none.
  public let publish: String?
  /// Expected work, see `Pipeline.Stage.cost`.
  let cost: Double
  let limits: StageLimits
  /// The axes on which it has another value than instances that run without being asked for: a map of a method that no figure shows.
  let unaskedAxes: [String]

  /// The numbers of all instances this one reads from.
  public let upstream: [Int]

  init(
    name: String, stage: String, coordinates: Coordinates, sweep: PlanBuilder.Variant, program: String, parameters: JSONValue,
    places: [String: String], inputs: [(port: String, source: Source)], outputs: [(port: String, file: String)], publish: String?,
    cost: Double, limits: StageLimits, unaskedAxes: [String]
  ) {
    (self.name, self.stage, self.coordinates, self.sweep, self.program) = (name, stage, coordinates, sweep, program)
    (self.parameters, self.places, self.inputs, self.outputs, self.publish) = (parameters, places, inputs, outputs, publish)
    (self.cost, self.limits, self.unaskedAxes) = (cost, limits, unaskedAxes)
    upstream = inputs.flatMap { input -> [Int] in
      switch input.source {
      case .instance(let number, _): [number]
      case .gathered(let list): list.map(\.instance)
      case .file: []
      }
    }
  }
}

/// Every instance of a profile, producers before consumers.
public struct Plan: Sendable {
  public let profile: String
  public let instances: [Instance]
  /// Instances that the profile leaves out because it excludes what they need, and what that is.
  public let leftOut: [(instance: String, needs: String)]
  let document: PipelineDocument

  public init(_ pipeline: Pipeline, profile name: String) throws(PipelineError) {
    guard let profile = pipeline.profiles.first(where: { $0.name == name }) else {
      throw PipelineError(.unknown(kind: "profile", name: name, known: pipeline.profileNames), place: pipeline.path)
    }
    self.profile = name
    document = pipeline.document
    let matrix = Matrix(pipeline: pipeline, profile: profile)
    var builder = PlanBuilder(pipeline: pipeline, profile: name)
    for stage in pipeline.stages {
      let places = matrix.places(of: stage)
      for place in places.excluded { builder.exclude(stage, place) }
      for place in places.planned { try builder.add(stage, place) }
    }
    instances = builder.instances
    leftOut = builder.leftOut
    try builder.checkFiles()
    try builder.checkSweeps()
  }

  /// What runs where nothing is asked for, in order.
  public var byDefault: [Int] { closure(of: instances.indices.filter { instances[$0].unaskedAxes.isEmpty }) }

  /// The instances and all they need, in order.
  public func closure(of numbers: some Sequence<Int>) -> [Int] {
    var needed = Set(numbers)
    // Chains may be longer than the stack is deep.
    var open = Array(needed)
    while let number = open.popLast() { open += instances[number].upstream.filter { needed.insert($0).inserted } }
    return needed.sorted()
  }

  /// The instances and all that needs them, in order, without what runs only where it is asked for.
  public func consumers(of numbers: some Sequence<Int>) -> [Int] {
    var reached = Set(numbers)
    for (number, instance) in instances.enumerated()
    where instance.unaskedAxes.isEmpty && instance.upstream.contains(where: reached.contains) { reached.insert(number) }
    return reached.sorted()
  }

  /// Names of the stages, producers first.
  public var stages: [String] { instances.map(\.stage).unique }
}
