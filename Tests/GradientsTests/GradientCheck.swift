import Gradients
import Tensors
import Testing

/// Central differences in Float over a step of 1e-2 on values of order one keep about three digits.
private let tolerance = 2e-2
private let step: Float = 1e-2

/// Uniform in [−1, 1).
func random(_ shape: [Int], _ item: Int) -> Tensor {
  var stream = RandomStream(seed: 11, purpose: .test, item: item)
  return Tensor(shape: shape, (0..<shape.reduce(1, *)).map { _ in stream.uniform(-1, 1) })
}

/// Holds an operation's gradients, on its input and on parameters, against central differences of a random linear functional of its output.
/// - Parameter kinks: whether it has a side that can change within the step, as a ReLU or a maximum: one such element in ten is no defect.
func check(
  input: Tensor, parameters: [Parameter], kinks: Bool = false, sourceLocation: SourceLocation = #_sourceLocation,
  _ operation: (Tape, Variable) -> Variable
) {
  let source = Parameter(name: "input", value: input)
  func run() -> (Tape, Variable) {
    let tape = Tape(team: ThreadTeam(threads: 2), training: true)
    let x = tape.custom(value: source.value, inputs: [tape.leaf(source)]) { [$0] }
    return (tape, operation(tape, x))
  }
  let (tape, y) = run()
  let direction = random(y.value.shape, 99)
  tape.backward([(y, direction)])
  func loss() -> Double { zip(run().1.value.scalars, direction.scalars).reduce(0) { $0 + Double($1.0) * Double($1.1) } }
  for parameter in [source] + parameters {
    let analytic = parameter.gradient?.scalars ?? []
    parameter.gradient = nil
    let original = parameter.value.scalars
    let numeric = original.indices.map { i in
      func at(_ delta: Float) -> Double {
        var moved = original
        moved[i] += delta
        parameter.value = Tensor(shape: parameter.value.shape, moved)
        return loss()
      }
      return (at(step) - at(-step)) / Double(2 * step)
    }
    parameter.value = Tensor(shape: parameter.value.shape, original)
    let scale = max(1, numeric.map(abs).max() ?? 1)
    let wrong = zip(analytic, numeric).filter { abs(Double($0) - $1) > tolerance * scale }.count
    #expect(analytic.count == numeric.count, sourceLocation: sourceLocation)
    #expect(wrong <= (kinks ? numeric.count / 10 : 0), "\(parameter.name): \(wrong) of \(numeric.count)", sourceLocation: sourceLocation)
  }
}
