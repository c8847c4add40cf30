/// Which elements a step leaves out at random: a function of seed, pass, step and layer, not of threads, batches before, or interruptions.
public struct RandomMask: Hashable, Sendable {
  public let seed: UInt64
  public let pass, step, layer: Int

  /// - Parameters:
  ///   - step: of the training, below 2³².
  ///   - layer: tells masks of one step apart, below 2²⁴.
  public init(seed: UInt64, pass: Int, step: Int, layer: Int = 0) {
    self.seed = seed
    self.pass = pass
    self.step = step
    self.layer = layer
  }

  /// x with elements set to 0, each with probability `rate`, the others times 1/(1 − rate): dropout (Srivastava et al. 2014).
  /// - Parameter rate: in 0..<1; at 0 the result is x.
  public func dropout(_ x: Tensor, rate: Float, team: ThreadTeam) -> Tensor {
    zeroed(x, run: 1, rate: rate, scale: 1 / (1 - rate), purpose: .dropout, team: team)
  }

  /// x [N, …, C] with positions set to 0 in all channels together, each with probability `rate`: masking noise (Vincent et al. 2010).
  /// - Parameter rate: in 0..<1; at 0 the result is x.
  public func corrupted(_ x: Tensor, rate: Float, team: ThreadTeam) -> Tensor {
    zeroed(x, run: max(1, x.shape.last ?? 1), rate: rate, scale: 1, purpose: .corruption, team: team)
  }

  /// Runs drawn by one piece of work; a multiple of 4.
  private static let runsPerPiece = 1 << 12

  private func zeroed(_ x: Tensor, run: Int, rate: Float, scale: Float, purpose: RandomPurpose, team: ThreadTeam) -> Tensor {
    precondition((0..<1).contains(rate), "a share of \(rate) to leave out")
    guard rate > 0 else { return x }
    let numbers = RandomStream(seed: seed, purpose: purpose, epoch: pass, item: step, copy: layer)
    let y = Tensor(uninitialized: x.shape)
    let runs = x.count / run
    team.forEach((runs + Self.runsPerPiece - 1) / Self.runsPerPiece) { piece in
      let first = piece * Self.runsPerPiece
      var numbers = numbers.advanced(to: first)
      let (from, to) = (x.base, y.base)
      for place in first..<min(runs, first + Self.runsPerPiece) {
        let kept = numbers.uniform() >= rate
        for at in place &* run..<(place &+ 1) &* run { to[at] = kept ? from[at] * scale : 0 }
      }
    }
    return y
  }
}
