import Gradients
import Tensors

/// The code of a variational auto-encoder (Kingma & Welling 2013): for each of D numbers a normal distribution of mean μ and variance σ², given by ln σ²,
/// which counts as the nearest number in −10…10.
public enum GaussianCode {
  private static let range = -10.0...10.0

  /// KL(N(μ, σ²) ‖ N(0, 1)) = −½ Σ (1 + ln σ² − μ² − σ²), summed over a code, the mean over N of them: nats. It costs an exponential for each number.
  /// - Parameter mean, logVariance: [N, D].
  /// - Returns: the value, and its gradients, μ/N and (σ² − 1)/2N; that of a clamped variance is 0.
  public static func divergence(mean: Tensor, logVariance: Tensor) -> (value: Double, mean: Tensor, logVariance: Tensor) {
    precondition(mean.shape == logVariance.shape, "variances \(logVariance.shape) for means \(mean.shape)")
    let share = 1 / Double(max(1, mean.shape[0]))
    var (sum, means, variances) = (0.0, mean, logVariance)
    means.withUnsafeMutableBufferPointer { means in
      variances.withUnsafeMutableBufferPointer { variances in
        for at in means.indices {
          let (mu, raw) = (Double(means[at]), Double(variances[at]))
          let logVariance = clamped(raw)
          let variance = Elementary.exp(logVariance)
          sum -= 0.5 * (1 + logVariance - mu * mu - variance)
          means[at] = Float(mu * share)
          variances[at] = range.contains(raw) ? Float(0.5 * (variance - 1) * share) : 0
        }
      }
    }
    return (sum * share, means, variances)
  }

  /// z = μ + σ ε, through which gradients reach both [N, D].
  /// - Parameter noise: ε [N, D], standard normal.
  public static func sample(mean: Variable, logVariance: Variable, noise: Tensor, on tape: Tape) -> Variable {
    precondition(noise.shape == mean.value.shape, "noise \(noise.shape) for means \(mean.value.shape)")
    var (spread, z) = (noise, mean.value)
    // σ ε, which is twice the slope of z on ln σ²
    spread.withUnsafeMutableBufferPointer { spread in
      logVariance.value.withUnsafeBufferPointer { raw in
        for at in spread.indices { spread[at] *= Float(Elementary.exp(clamped(Double(raw[at])) / 2)) }
      }
    }
    z.withUnsafeMutableBufferPointer { z in spread.withUnsafeBufferPointer { spread in for at in z.indices { z[at] += spread[at] } } }
    let (slopes, raw) = (spread, logVariance.value)
    return tape.custom(value: z, inputs: [mean, logVariance]) { gradient in
      var variances = gradient
      variances.withUnsafeMutableBufferPointer { variances in
        slopes.withUnsafeBufferPointer { slopes in
          raw.withUnsafeBufferPointer { raw in
            for at in variances.indices { variances[at] *= range.contains(Double(raw[at])) ? slopes[at] / 2 : 0 }
          }
        }
      }
      return [gradient, variances]
    }
  }

  /// What is not a number stays so.
  private static func clamped(_ logVariance: Double) -> Double {
    logVariance > range.upperBound ? range.upperBound : logVariance < range.lowerBound ? range.lowerBound : logVariance
  }
}
