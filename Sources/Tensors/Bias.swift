/// A bias for each channel: y = x + b over the last axis of x [N, …, C].
public enum Bias {
  /// Adds b [C] in place.
  public static func add(_ bias: Tensor, to y: inout Tensor, team: ThreadTeam) {
    let channels = y.shape.last ?? 0
    precondition(bias.shape == [channels], "bias \(bias.shape) for \(y.shape)")
    y.makeUnique()
    let constants = ChannelStrips.Constants(channels: channels, most: 1)
    let (shifts, values) = (constants.add(bias.scalars), ChannelStrips.Address(floats: y.base))
    withExtendedLifetime((constants, y)) {
      ChannelStrips.each(rows: 0..<y.count / max(1, channels), channels: channels, team: team) { strip in
        let shift = strip.of(shifts)
        for row in 0..<strip.rows { strip.store(strip.load(values.floats, row) + shift, values.floats, row) }
      }
    }
  }

  /// The gradient on b [C]: the sums of the channels of the gradient on y, Float inside a run of 64 rows, Double across runs in their order.
  public static func gradient(_ outputGradient: Tensor, team: ThreadTeam) -> Tensor {
    let channels = outputGradient.shape.last ?? 0
    let values = ChannelStrips.Address(floats: outputGradient.base)
    let (sums, _) = withExtendedLifetime(outputGradient) {
      ChannelStrips.sums(rows: 0..<outputGradient.count / max(1, channels), channels: channels, team: team) { strip, sum, _ in
        for row in 0..<strip.rows { sum += strip.load(values.floats, row) }
      }
    }
    return Tensor(shape: [channels], sums.map { Float($0) })
  }
}
