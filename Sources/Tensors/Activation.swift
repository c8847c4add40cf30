/// An activation function of one number, over whole tensors in pieces side by side.
///
/// Every element is computed alone by the same operations on every machine: bits depend neither on threads nor on the width of registers. What is
/// not a number stays so. The gradient is found from the output y, so that the input need not be kept.
public enum Activation: Hashable, Sendable {
  /// max(x, 0).
  case relu
  /// x where x > 0, slope · x elsewhere; 0 ≤ slope.
  case leakyReLU(slope: Float)
  /// x where x > 0, α (eˣ − 1) elsewhere; α > 0 (Clevert et al. 2016).
  case elu(alpha: Float)
  /// 1 / (1 + e⁻ˣ).
  case sigmoid

  /// y = f(x), of the shape of x.
  public func forward(_ x: Tensor, team: ThreadTeam) -> Tensor {
    let y = Tensor(uninitialized: x.shape)
    let (from, to) = (Floats(x), Floats(y))
    withExtendedLifetime((x, y)) {
      switch self {
      case .relu:
        Self.eachVector(x.count, team: team) { at in to.store(from.load(at).kept(where: .!(from.load(at) .<= 0)), at) }
      case .leakyReLU(let slope):
        let slope = Lanes(repeating: slope)
        Self.eachVector(x.count, team: team) { at in
          let x = from.load(at)
          to.store(x.kept(where: .!(x .<= 0), else: x * slope), at)
        }
      case .elu(let alpha):
        let alpha = Lanes(repeating: alpha)
        Self.eachVector(x.count, team: team) { at in
          let x = from.load(at)
          to.store(x.kept(where: .!(x .<= 0), else: x.expMinusOneOfNegative * alpha), at)
        }
      case .sigmoid:
        Self.eachVector(x.count, team: team) { at in
          // With e = e^−|x|: 1/(1 + e) where x ≥ 0, e/(1 + e) elsewhere; neither overflows.
          let x = from.load(at)
          let e = (-x).kept(where: x .>= 0, else: x).expOfNegative
          to.store(Lanes(repeating: 1).kept(where: x .>= 0, else: e) / (e + 1), at)
        }
      }
    }
    return y
  }

  /// The gradient on x from that on y.
  public func backward(output y: Tensor, outputGradient: Tensor, team: ThreadTeam) -> Tensor {
    precondition(y.shape == outputGradient.shape, "gradient \(outputGradient.shape) for output \(y.shape)")
    let dx = Tensor(uninitialized: y.shape)
    let (out, gradient, to) = (Floats(y), Floats(outputGradient), Floats(dx))
    withExtendedLifetime((y, outputGradient, dx)) {
      switch self {
      case .relu:
        Self.eachVector(y.count, team: team) { at in to.store(gradient.load(at).kept(where: .!(out.load(at) .<= 0)), at) }
      case .leakyReLU(let slope):
        let slope = Lanes(repeating: slope)
        Self.eachVector(y.count, team: team) { at in
          let g = gradient.load(at)
          to.store(g.kept(where: .!(out.load(at) .<= 0), else: g * slope), at)
        }
      case .elu(let alpha):
        let alpha = Lanes(repeating: alpha)
        Self.eachVector(y.count, team: team) { at in
          let (g, y) = (gradient.load(at), out.load(at))
          to.store(g.kept(where: .!(y .<= 0), else: g * (y + alpha)), at)
        }
      case .sigmoid:
        Self.eachVector(y.count, team: team) { at in
          let y = out.load(at)
          to.store(gradient.load(at) * (y * (1 - y)), at)
        }
      }
    }
    return dx
  }

  // MARK: Loops

  /// The elements of a tensor, by register. The last register of a tensor may be filled in part.
  struct Floats: @unchecked Sendable {
    private let base: UnsafeMutablePointer<Float>
    private let count: Int

    init(_ tensor: Tensor) { (base, count) = (tensor.base, tensor.count) }

    @inline(__always)
    func load(_ at: Int) -> Lanes { at &+ Lanes.scalarCount <= count ? Lanes(loading: base + at) : some(at) }

    @inline(__always)
    func store(_ v: Lanes, _ at: Int) { if at &+ Lanes.scalarCount <= count { v.store(to: base + at) } else { storeSome(v, at) } }

    @inline(never)
    private func some(_ at: Int) -> Lanes {
      var v = Lanes()
      for lane in 0..<count - at { v[lane] = base[at + lane] }
      return v
    }

    @inline(never)
    private func storeSome(_ v: Lanes, _ at: Int) { for lane in 0..<count - at { base[at + lane] = v[lane] } }
  }

  private static let elementsPerPiece = 1 << 14

  /// Calls `body` with the first element of every register's worth.
  @inline(__always)
  static func eachVector(_ count: Int, team: ThreadTeam, _ body: @escaping @Sendable (_ at: Int) -> Void) {
    team.forEach((count + elementsPerPiece - 1) / elementsPerPiece) { piece in
      let start = piece * elementsPerPiece
      for at in stride(from: start, to: min(count, start + elementsPerPiece), by: Lanes.scalarCount) { body(at) }
    }
  }
}

extension Lanes {
  /// eˣ − 1 of every lane, each at most 0; below −87 it is −1, as it is in Float from −17 on. Small x keep all digits.
  @inline(__always)
  fileprivate var expMinusOneOfNegative: Lanes {
    let (power, rest) = powerAndRest
    return (power - 1).addingProduct(power, rest)
  }

  /// eˣ of every lane, each at most 0; 1.6 · 10⁻³⁸ below −87.
  @inline(__always)
  fileprivate var expOfNegative: Lanes {
    let (power, rest) = powerAndRest
    return power.addingProduct(power, rest)
  }

  /// 2ᵏ and eʳ − 1 with x = k ln 2 + r, |r| ≤ (ln 2)/2: eʳ − 1 = r + r² (1/2 + r/6 + … + r⁵/5040), whose rest is below 2⁻²⁷ of it.
  @inline(__always)
  private var powerAndRest: (power: Lanes, rest: Lanes) {
    let x = larger(Lanes(repeating: -87))
    // Adding 1.5 · 2²³ rounds to a whole number, whose bits are the lowest of the sum.
    let shifted = Lanes(repeating: 0x1.8p23).addingProduct(x, Lanes(repeating: 1.442695))
    let k = shifted - 0x1.8p23
    // ln 2 in two parts, the first with zeros at its end, so that its multiples by k are exact.
    let r = x.addingProduct(k, Lanes(repeating: -0x1.62e4p-1)).addingProduct(k, Lanes(repeating: -0x1.7f7d1cp-20))
    var series = Lanes(repeating: 1 / 720).addingProduct(Lanes(repeating: 1 / 5040), r)
    series = Lanes(repeating: 1 / 120).addingProduct(series, r)
    series = Lanes(repeating: 1 / 24).addingProduct(series, r)
    series = Lanes(repeating: 1 / 6).addingProduct(series, r)
    series = Lanes(repeating: 0.5).addingProduct(series, r)
    let bits = unsafeBitCast(shifted, to: MaskStorage.self) &<< 23
    let power = unsafeBitCast(bits &+ MaskStorage(repeating: 127 << 23), to: Lanes.self)
    return (power, r.addingProduct(series, r * r))
  }
}
