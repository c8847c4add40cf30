import Tensors

/// How a learning rate changes with the number of steps (or epochs) done.
public enum LearningRateSchedule: Hashable, Sendable {
  case constant
  /// Times `factor` every so many steps (DEC: 0.1 every 20,000).
  case steps(every: Int, factor: Double)
  /// Times `factor` from each of these steps on.
  case milestones([Int], factor: Double)
  /// Times (1 + slope · step)^−power (JULE: slope 10⁻⁴, power 0.75).
  case inverse(slope: Double, power: Double)

  /// The rate of a step, counted from 0.
  public func rate(_ first: Double, step: Int) -> Double {
    switch self {
    case .constant: first
    case .steps(let every, let factor): first * Elementary.power(factor, step / every)
    case .milestones(let milestones, let factor): first * Elementary.power(factor, milestones.filter { $0 <= step }.count)
    case .inverse(let slope, let power): first * Elementary.exp(-power * Elementary.log(1 + slope * Double(step)))
    }
  }
}
