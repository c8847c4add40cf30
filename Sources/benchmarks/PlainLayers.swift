import Tensors

/// The definitions of batch normalisation, pooling and Adam, in Double: what the kernels must agree with.
enum PlainLayers {
  /// max(γ (x − μ) / √(σ² + ε) + β + residual, 0), channel by channel.
  static func normalised(_ x: Tensor, gamma: Tensor, beta: Tensor, residual: Tensor) -> Tensor {
    var y = doubles(residual)
    let (g, b) = (doubles(gamma), doubles(beta))
    for (c, column) in columns(x).enumerated() {
      for (i, normal) in zip(column.places, column.normal) { y[i] = max(g[c] * normal + b[c] + y[i], 0) }
    }
    return tensor(y, x.shape)
  }

  /// The gradients of x, γ, β and the residual.
  /// - Parameter y: the output, whose zeros mark what the ReLU cut.
  static func normalisationGradients(_ x: Tensor, y: Tensor, gamma: Tensor, outputGradient: Tensor) -> [Tensor] {
    let dz = zip(doubles(outputGradient), y.scalars).map { $1 > 0 ? $0 : 0 }
    var dx = dz
    var (dGamma, dBeta): ([Double], [Double]) = ([], [])
    for ((places, normal, inverse), factor) in zip(columns(x), doubles(gamma)) {
      let (sum, product) = zip(places, normal).reduce((0.0, 0.0)) { ($0.0 + dz[$1.0], $0.1 + dz[$1.0] * $1.1) }
      dBeta.append(sum)
      dGamma.append(product)
      let count = Double(places.count)
      for (i, value) in zip(places, normal) { dx[i] = factor * inverse * (dz[i] - sum / count - value * product / count) }
    }
    return [tensor(dx, x.shape), tensor(dGamma, [dGamma.count]), tensor(dBeta, [dBeta.count]), tensor(dz, x.shape)]
  }

  /// Of every channel the places of its elements, their normal values, and 1 / √(σ² + ε).
  private static func columns(_ x: Tensor) -> [(places: [Int], normal: [Double], inverse: Double)] {
    let (values, channels) = (doubles(x), x.shape[x.shape.count - 1])
    return (0..<channels).map { c in
      let places = Array(stride(from: c, to: values.count, by: channels))
      let mean = places.reduce(0) { $0 + values[$1] } / Double(places.count)
      let variance = places.reduce(0) { $0 + (values[$1] - mean) * (values[$1] - mean) } / Double(places.count)
      let inverse = 1 / (variance + Double(BatchNormalisation.epsilon)).squareRoot()
      return (places, places.map { (values[$0] - mean) * inverse }, inverse)
    }
  }

  /// The maxima of the 2 × 2 windows, stride 2, padding 1, and the gradient of x, which goes to each window's first maximum.
  static func pooled(_ x: Tensor, outputGradient: Tensor) -> (output: Tensor, gradient: Tensor) {
    let (n, h, w, c) = (x.shape[0], x.shape[1], x.shape[2], x.shape[3])
    let (values, dy) = (x.scalars, outputGradient.scalars)
    var (y, dx) = ([Float](), [Float](repeating: 0, count: x.count))
    for image in 0..<n {
      for p in 0...h / 2 {
        for q in 0...w / 2 {
          for channel in 0..<c {
            let window = (max(0, 2 * p - 1)...min(h - 1, 2 * p)).flatMap { row in
              (max(0, 2 * q - 1)...min(w - 1, 2 * q)).map { ((image * h + row) * w + $0) * c + channel }
            }
            let best = window.dropFirst().reduce(window[0]) { values[$1] > values[$0] ? $1 : $0 }
            dx[best] += dy[y.count]
            y.append(values[best])
          }
        }
      }
    }
    return (Tensor(shape: [n, h / 2 + 1, w / 2 + 1, c], y), Tensor(shape: x.shape, dx))
  }

  /// Adam's step with β₁ = 0.9, β₂ = 0.999, ε = 1e-8.
  /// - Parameters: size is learning rate / (1 − β₁ᵗ), correction √(1 − β₂ᵗ).
  static func adam(
    _ value: Tensor, gradient: Tensor, first: Tensor, second: Tensor, size: Float, correction: Float
  ) -> (value: Tensor, first: Tensor, second: Tensor) {
    let g = doubles(gradient)
    let m = zip(doubles(first), g).map { 0.9 * $0 + 0.1 * $1 }
    let v = zip(doubles(second), g).map { 0.999 * $0 + 0.001 * $1 * $1 }
    let p = zip(doubles(value), zip(m, v)).map { $0 - Double(size) * $1.0 / ($1.1.squareRoot() / Double(correction) + 1e-8) }
    return (tensor(p, value.shape), tensor(m, value.shape), tensor(v, value.shape))
  }

  private static func doubles(_ tensor: Tensor) -> [Double] { tensor.scalars.map { Double($0) } }
  private static func tensor(_ values: [Double], _ shape: [Int]) -> Tensor { Tensor(shape: shape, values.map { Float($0) }) }
}
