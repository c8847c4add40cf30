import Gradients
import Tensors
import Testing

/// Optimisers against values of PyTorch 2 in float64 (`torch.optim`), three steps of two elements each.
struct OptimiserTests {
  private static let gradients: [[Float]] = [[0.5, -2], [0.25, 0], [-1, 3]]

  private func run(_ make: (Parameter) -> any Optimiser, interruptedAfter stop: Int? = nil) -> [[Float]] {
    let parameter = Parameter(name: "p", value: Tensor(shape: [2], [1, -0.5]))
    var optimiser = make(parameter)
    return Self.gradients.indices.map { number in
      if number == stop {
        // As a checkpoint does: what one optimiser remembers, another of the same kind goes on with.
        let memory = optimiser.memory
        optimiser = make(parameter)
        #expect(!optimiser.restore([]) && !optimiser.restore(memory.map { ($0.name, Tensor(zeros: [1, 1])) }))
        #expect(optimiser.restore(memory.reversed()))
      }
      parameter.gradient = Tensor(shape: [2], Self.gradients[number])
      optimiser.step(team: ThreadTeam(threads: 2))
      #expect(parameter.gradient == nil)
      return parameter.value.scalars
    }
  }

  private func check(_ make: (Parameter) -> any Optimiser, _ expected: [[Double]]) {
    let found = run(make)
    for (step, expected) in zip(found, expected) {
      for (value, expected) in zip(step, expected) { #expect(abs(Double(value) - expected) < 3e-7) }
    }
    for stop in 0..<3 { #expect(run(make, interruptedAfter: stop) == found) }
  }

  @Test func adam() {
    check(
      { Adam(parameters: [$0], learningRate: 0.01) },
      [[0.9900000002, -0.49000000005], [0.9806782040477462, -0.48329941755602673], [0.9827417742885411, -0.48574518502721487]])
  }

  @Test func momentumAndWeightDecay() {
    check(
      { SGD(parameters: [$0], learningRate: 0.1, momentum: 0.9, weightDecay: 0.05) },
      [[0.945, -0.2975], [0.865775, -0.1137625], [0.890143625, -0.2478299375]])
  }

  @Test func plainDescent() {
    check({ SGD(parameters: [$0], learningRate: 0.1) }, [[0.95, -0.3], [0.925, -0.3], [1.025, -0.6]])
  }

  @Test func rmsprop() {
    check(
      { RMSprop(parameters: [$0], learningRate: 0.01, weightDecay: 0.05) },
      [
        [0.9683772252164979, -0.46837722389214337], [0.9526775751919478, -0.46799175688142924], [0.9798086993050679, -0.49496036699540435],
      ])
    // ε inside the root, by hand: s = 0.1 g², …; p −= 0.01 g / √(s + 0.001).
    let inside = run { RMSprop(parameters: [$0], learningRate: 0.01, epsilon: 1e-3, epsilonInsideRoot: true) }
    for (value, expected) in zip(inside[2], [0.9825715367151304, -0.4955219149944142]) { #expect(abs(Double(value) - expected) < 3e-7) }
  }

  @Test func whatHasNoGradientIsLeftAlone() {
    for make in [
      { Adam(parameters: $0, learningRate: 0.1) as any Optimiser },
      { SGD(parameters: $0, learningRate: 0.1, momentum: 0.9, weightDecay: 1) },
      { RMSprop(parameters: $0, learningRate: 0.1, weightDecay: 1) },
    ] {
      let (moved, still) = (Parameter(name: "a", value: Tensor(shape: [1], [1])), Parameter(name: "b", value: Tensor(shape: [1], [5])))
      let optimiser = make([moved, still])
      let before = optimiser.memory.filter { $0.name.hasPrefix("b.") }.map(\.tensor.scalars)
      moved.gradient = Tensor(shape: [1], [3])
      optimiser.step(team: ThreadTeam(threads: 1))
      #expect(moved.value.scalars != [1] && still.value.scalars == [5])
      #expect(optimiser.memory.filter { $0.name.hasPrefix("b.") }.map(\.tensor.scalars) == before)
    }
  }

  @Test func stepsBeyondTheDigitsOfFloatAreRemembered() {
    let adam = Adam(parameters: [Parameter(name: "p", value: Tensor(zeros: [1]))], learningRate: 0.1)
    adam.moments[0].steps = 123_456_789
    let other = Adam(parameters: adam.parameters, learningRate: 0.1)
    other.memory = adam.memory
    #expect(other.moments[0].steps == 123_456_789)
  }

  @Test func schedules() {
    func rates(_ schedule: LearningRateSchedule, _ steps: [Int]) -> [Double] { steps.map { schedule.rate(0.1, step: $0) } }
    func close(_ a: [Double], _ b: [Double]) -> Bool { a.count == b.count && zip(a, b).allSatisfy { abs($0 - $1) < 1e-12 } }
    #expect(rates(.constant, [0, 1000]) == [0.1, 0.1])
    #expect(close(rates(.steps(every: 10, factor: 0.1), [0, 9, 10, 19, 20]), [0.1, 0.1, 0.01, 0.01, 0.001]))
    #expect(close(rates(.milestones([40], factor: 0.1), [0, 39, 40, 50]), [0.1, 0.1, 0.01, 0.01]))
    // 0.1 (1 + 1e-4 · 10,000)^−0.75 = 0.1 · 2^−0.75
    #expect(close(rates(.inverse(slope: 1e-4, power: 0.75), [0, 10_000]), [0.1, 0.05946035575013605]))
  }

  @Test func adamMovesByItsLearningRateAndSkipsWhatHasNoGradient() {
    let (moved, still) = (Parameter(name: "a", value: Tensor(shape: [2], [1, 1])), Parameter(name: "b", value: Tensor(shape: [1], [5])))
    let adam = Adam(parameters: [moved, still], learningRate: 0.1)
    moved.gradient = Tensor(shape: [2], [3, -4])
    adam.step(team: ThreadTeam(threads: 1))
    // The first step of Adam is the learning rate against the gradient's sign.
    #expect(abs(moved.value.scalars[0] - 0.9) < 1e-5 && abs(moved.value.scalars[1] - 1.1) < 1e-5)
    #expect(still.value.scalars == [5] && adam.moments[1].steps == 0)
  }
}
