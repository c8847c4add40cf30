import Tensors

/// A square grid of nodes around a map, padded with zeros to twice its side, and the Fourier transforms of the Student-t kernels on it.
///
/// Grid arrays are [x][y] with y contiguous; spectra keep the frequencies 0..<side/2 of x, as the data are real; the highest frequency
/// of x is left out, where the kernels have faded.
final class RepulsionGrid: Sendable {
  /// Distance between nodes.
  let spacing: Float
  /// Nodes of the map's square in each direction, a multiple of 32.
  let nodes: Int
  /// Length of the transforms: 2·nodes.
  let side: Int
  private let transform: FourierTransform
  /// For [x frequency / 16][y frequency]: the transform of 1/(1 + d²), and the imaginary parts of those of dx/(1 + d²)² and dy/(1 + d²)²,
  /// freed from the smoothing by the B-splines and divided by side².
  private let total, pushX, pushY: SharedArray<SIMD16<Float>>
  /// What the grid makes of 1/(1 + d²) between nodes at offsets (0...3, 0...3), 16 numbers: by it a point's push on itself is known.
  let near: [Double]

  /// Nodes a spline touches in each direction.
  static let splineNodes = 4
  /// A wider grid than the kernels need costs time, a coarser one accuracy: at this spacing the forces of a typical map are
  /// within 0.5 % of the exact ones.
  private static let widestSpacing: Float = 0.375
  /// Sides in units of 32 nodes: products of 2, 3 and 5, so that the transforms are fast.
  private static let sides = [2, 3, 4, 5, 6, 8, 9, 10, 12, 15, 16, 18, 20, 24, 25, 27, 30, 32, 36, 40, 45, 48, 50, 54, 60, 64]

  /// The widest map that the largest grid covers.
  static let widestSpan = room(32 * (sides.last ?? 0)) * widestSpacing

  private static func room(_ nodes: Int) -> Float { Float(nodes - splineNodes) }

  /// Spacing and nodes of the grid for a map this wide, at most `widestSpan`: the fewest nodes at the widest spacing, or, where
  /// already the smallest grid has too many, a halved spacing.
  static func measures(span: Float) -> (spacing: Float, nodes: Int) {
    guard let units = sides.first(where: { room(32 * $0) * widestSpacing >= span }) else {
      preconditionFailure("a map \(span) wide, where the widest grid covers \(widestSpan)")
    }
    var spacing = widestSpacing
    while units == sides[0], spacing > 1e-12, room(32 * units) * spacing / 2 >= span { spacing /= 2 }
    return (spacing, 32 * units)
  }

  init(spacing: Float, nodes: Int, team: ThreadTeam) {
    (self.spacing, self.nodes) = (spacing, nodes)
    side = 2 * nodes
    transform = FourierTransform(length: side)
    let (side, transform, groups) = (side, transform, nodes / 16)
    // Offset of node k on the periodic grid, and what dividing by the spline's own transform, once for the points that push and once
    // for those pushed, gives at a frequency.
    let offset = (0..<side).map { Float($0 < nodes ? $0 : $0 - side) * spacing }
    let sharpening = (0..<side).map { k -> Double in
      let response = (4 + 2 * Elementary.circle(turns: Double(k) / Double(side)).cos) / 6
      return 1 / (response * response)
    }
    func spectrum(
      _ part: KeyPath<ComplexVector, SIMD16<Float>> & Sendable, _ kernel: @escaping @Sendable (Float, Float) -> Float
    ) -> SharedArray<SIMD16<Float>> {
      let samples = SharedArray<Float>(repeating: 0, count: side * side)
      team.forEach(side) { i in for j in 0..<side { samples[i * side + j] = kernel(offset[i], offset[j]) } }
      let columns = Self.transformX(samples, rows: side, columns: side, transform, team)
      let result = SharedArray<SIMD16<Float>>(repeating: SIMD16(), count: groups * side)
      team.forEach(groups) { group in
        let buffer = SharedArray<ComplexVector>(repeating: ComplexVector(SIMD16(), SIMD16()), count: 2 * side)
        let found = buffer.base + Self.transformY(columns, columns: side, group, transform, buffer)
        for k in 0..<side {
          for lane in 0..<16 {
            let scale = sharpening[16 * group + lane] * sharpening[k] / Double(side * side)
            result[group * side + k][lane] = Float(Double(found[k][keyPath: part][lane]) * scale)
          }
        }
      }
      return result
    }
    @Sendable func kernel(_ x: Float, _ y: Float) -> Float { 1 / (1 + x * x + y * y) }
    // Odd functions are 0 at the offset that is as far to the left as to the right.
    let edge = offset[nodes]
    total = spectrum(\.re) { kernel($0, $1) }
    near = Self.near(total, groups: groups, side: side)
    pushX = spectrum(\.im) { $0 == edge ? 0 : $0 * kernel($0, $1) * kernel($0, $1) }
    pushY = spectrum(\.im) { $1 == edge ? 0 : $1 * kernel($0, $1) * kernel($0, $1) }
  }

  /// The inverse transform of a spectrum that is even in both directions, at the offsets 0...3 of each.
  private static func near(_ spectrum: SharedArray<SIMD16<Float>>, groups: Int, side: Int) -> [Double] {
    let cosines = (0..<side).map { Elementary.circle(turns: Double($0) / Double(side)).cos }
    var values = [Double](repeating: 0, count: splineNodes * splineNodes)
    for group in 0..<groups {
      for dy in 0..<splineNodes {
        var sums = SIMD16<Double>()
        for k in 0..<side { sums += SIMD16<Double>(spectrum[group * side + k]) * cosines[k * dy % side] }
        for lane in 0..<16 {
          // Each frequency of x but 0 stands for its negative too.
          let (x, weight) = (16 * group + lane, group == 0 && lane == 0 ? 1.0 : 2.0)
          for dx in 0..<splineNodes { values[dx * splineNodes + dy] += weight * cosines[x * dx % side] * sums[lane] }
        }
      }
    }
    return values
  }

  /// Convolves charges on the nodes with the kernels.
  /// - Parameter charges: [nodes, nodes]
  /// - Returns: the forces along x and y at the nodes [nodes, nodes], and Σ over all pairs of charges, each with itself included, of
  ///   1/(1 + d²).
  func convolve(_ charges: SharedArray<Float>, team: ThreadTeam) -> (x: SharedArray<Float>, y: SharedArray<Float>, total: Double) {
    let (nodes, side, transform, groups) = (nodes, side, transform, nodes / 16)
    let charged = Self.transformX(charges, rows: nodes, columns: nodes, transform, team)
    let forces = [Planes(rows: nodes, columns: nodes), Planes(rows: nodes, columns: nodes)]
    let totals = team.map(groups) { [total, pushX, pushY] group in
      let buffer = SharedArray<ComplexVector>(repeating: ComplexVector(SIMD16(), SIMD16()), count: 4 * side)
      let scratch = buffer.base + 2 * side
      let spectrum = buffer.base + Self.transformY(charged, columns: nodes, group, transform, buffer)
      // Each frequency of x but 0 stands for its negative too.
      var weight = SIMD16<Float>(repeating: 2)
      if group == 0 { weight[0] = 1 }
      var energy = SIMD16<Float>()
      for k in 0..<side {
        let value = spectrum[k]
        energy.addProduct((value.re * value.re).addingProduct(value.im, value.im), total[group * side + k] * weight)
      }
      for (push, planes) in zip([pushX, pushY], forces) {
        for k in 0..<side {
          // The kernel's transform is i·push; exchanged parts make the next transform the inverse one.
          let (value, factor) = (spectrum[k], push[group * side + k])
          scratch[k] = ComplexVector(value.re * factor, -value.im * factor)
        }
        let found = scratch + transform.transform(scratch)
        for y in 0..<nodes {
          for lane in 0..<16 {
            let place = (16 * group + lane) * nodes + y
            planes.re[place] = found[y].im[lane]
            planes.im[place] = found[y].re[lane]
          }
        }
      }
      return Double(energy.total)
    }
    let x = SharedArray<Float>(repeating: 0, count: nodes * nodes)
    let y = SharedArray<Float>(repeating: 0, count: nodes * nodes)
    team.forEach(groups) { group in
      let buffer = SharedArray<ComplexVector>(repeating: ComplexVector(SIMD16(), SIMD16()), count: 2 * side)
      // x + i·y is one complex function whose negative frequencies follow from the two real ones' positive ones; parts exchanged.
      for k in 0..<nodes {
        let place = k * nodes + 16 * group
        let (xRe, xIm) = (forces[0].re.base.vector(place), forces[0].im.base.vector(place))
        let (yRe, yIm) = (forces[1].re.base.vector(place), forces[1].im.base.vector(place))
        buffer[k] = ComplexVector(xIm + yRe, xRe - yIm)
        if k > 0 { buffer[side - k] = ComplexVector(yRe - xIm, xRe + yIm) }
      }
      let found = buffer.base + transform.transform(buffer.base)
      for i in 0..<nodes {
        x.base.store(found[i].im, at: i * nodes + 16 * group)
        y.base.store(found[i].re, at: i * nodes + 16 * group)
      }
    }
    return (x, y, totals.reduce(0, +))
  }

  /// Real and imaginary parts of a complex matrix.
  private struct Planes {
    let re, im: SharedArray<Float>

    init(rows: Int, columns: Int) {
      re = SharedArray(repeating: 0, count: rows * columns)
      im = SharedArray(repeating: 0, count: rows * columns)
    }
  }

  /// Transforms the columns of a real [rows, columns], padded with rows of zeros, and keeps the lower half of the frequencies.
  /// Two halves of the columns travel as real and imaginary part of one sequence.
  private static func transformX(
    _ values: SharedArray<Float>, rows: Int, columns: Int, _ transform: FourierTransform, _ team: ThreadTeam
  ) -> Planes {
    let (side, half) = (transform.length, columns / 2)
    let result = Planes(rows: side / 2, columns: columns)
    team.forEach(half / 16) { group in
      let buffer = SharedArray<ComplexVector>(repeating: ComplexVector(SIMD16(), SIMD16()), count: 2 * side)
      let column = 16 * group
      for i in 0..<rows {
        buffer[i] = ComplexVector(values.base.vector(i * columns + column), values.base.vector(i * columns + half + column))
      }
      let found = buffer.base + transform.transform(buffer.base)
      for k in 0..<side / 2 {
        let (a, b) = (found[k], found[k == 0 ? 0 : side - k])
        result.re.base.store((a.re + b.re) * 0.5, at: k * columns + column)
        result.im.base.store((a.im - b.im) * 0.5, at: k * columns + column)
        result.re.base.store((a.im + b.im) * 0.5, at: k * columns + half + column)
        result.im.base.store((b.re - a.re) * 0.5, at: k * columns + half + column)
      }
    }
    return result
  }

  /// Transforms 16 rows of what `transformX` made, padded with zeros.
  /// - Parameter buffer: 2·side elements at least.
  /// - Returns: where in `buffer` the result starts.
  private static func transformY(
    _ planes: Planes, columns: Int, _ group: Int, _ transform: FourierTransform, _ buffer: SharedArray<ComplexVector>
  ) -> Int {
    for y in 0..<columns {
      var value = ComplexVector(SIMD16(), SIMD16())
      for lane in 0..<16 {
        value.re[lane] = planes.re[(16 * group + lane) * columns + y]
        value.im[lane] = planes.im[(16 * group + lane) * columns + y]
      }
      buffer[y] = value
    }
    return transform.transform(buffer.base)
  }
}
