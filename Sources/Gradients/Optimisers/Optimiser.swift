import Tensors

/// A rule that moves parameters along their gradients.
public protocol Optimiser: AnyObject {
  var parameters: [Parameter] { get }
  /// Of the next step; a `LearningRateSchedule` says what to set.
  var learningRate: Double { get set }
  /// One step along the gathered gradients, which are cleared. Parameters without a gradient are left alone, and so is what is remembered of them.
  func step(team: ThreadTeam)
  /// Everything a checkpoint must hold beside the parameters' values and the learning rate. What is set has the names and shapes of what is got, in
  /// any order.
  var memory: [(name: String, tensor: Tensor)] { get set }
}

extension Optimiser {
  /// Sets `memory` to what it was at an earlier time.
  /// - Returns: false, and nothing changed, where it is of another optimiser or other parameters.
  public func restore(_ entries: [(name: String, tensor: Tensor)]) -> Bool {
    guard accepts(entries) else { return false }
    memory = entries
    return true
  }

  private func accepts(_ entries: [(name: String, tensor: Tensor)]) -> Bool {
    func shapes(_ entries: [(name: String, tensor: Tensor)]) -> [String: [Int]] {
      Dictionary(entries.map { ($0.name, $0.tensor.shape) }) { $1 }
    }
    return entries.count == memory.count && shapes(entries) == shapes(memory)
  }

  /// One tensor for each parameter, named `<parameter>.<kind>`.
  func entries(_ tensors: [Tensor], _ kind: String) -> [(name: String, tensor: Tensor)] {
    zip(parameters, tensors).map { ("\($0.name).\(kind)", $1) }
  }

  /// The tensors of one kind, in the order of the parameters.
  func tensors(_ entries: [(name: String, tensor: Tensor)], _ kind: String) -> [Tensor] {
    let byName = Dictionary(entries.map { ($0.name, $0.tensor) }) { $1 }
    return parameters.map { parameter in
      guard let tensor = byName["\(parameter.name).\(kind)"] else { preconditionFailure("no \(parameter.name).\(kind) to remember") }
      return tensor
    }
  }
}
