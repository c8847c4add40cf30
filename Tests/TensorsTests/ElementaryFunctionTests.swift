import Glibc
import Testing

import Tensors

/// Our elementary functions against those of the C library, and bits that every machine must give.
struct ElementaryFunctionTests {
  /// Units in the last place between a value and what it should be.
  private func distance(_ value: Double, _ expected: Double) -> Double { abs(value - expected) / expected.ulp }

  /// Both are within one unit of the true value.
  private let tolerance = 1.5

  @Test func exponentialAgreesWithTheLibrary() {
    var stream = RandomStream(seed: 1, purpose: .test)
    for _ in 0..<20_000 {
      let x = Double(stream.uniform(-80, 80)) + Double(stream.uniform()) * 1e-6
      #expect(distance(Elementary.exp(x), Glibc.exp(x)) <= tolerance, "\(x)")
    }
    for x in [-745.0, -730, -708.4, -1e-300, 0, 1e-17, 0.34657359027997264, 1, 709.7] {
      #expect(distance(Elementary.exp(x), Glibc.exp(x)) <= tolerance, "\(x)")
    }
  }

  @Test func exponentialEndsInWords() {
    #expect(Elementary.exp(-.infinity) == 0 && Elementary.exp(-746) == 0)
    #expect(Elementary.exp(.infinity) == .infinity && Elementary.exp(710) == .infinity)
    #expect(Elementary.exp(.nan).isNaN)
  }

  @Test func logarithmAgreesWithTheLibrary() {
    var stream = RandomStream(seed: 2, purpose: .test)
    for _ in 0..<20_000 {
      let x = Glibc.exp(Double(stream.uniform(-700, 700)))
      #expect(distance(Elementary.log(x), Glibc.log(x)) <= tolerance, "\(x)")
      let near = 1 + Double(stream.uniform(-0.4, 0.4))
      #expect(distance(Elementary.log(near), Glibc.log(near)) <= tolerance, "\(near)")
    }
    for x in [
      Double.leastNonzeroMagnitude, Double.leastNormalMagnitude / 8, 0.5, 0.7071067811865475, 1.4142135623730951, 2,
      .greatestFiniteMagnitude,
    ] {
      #expect(distance(Elementary.log(x), Glibc.log(x)) <= tolerance, "\(x)")
    }
    #expect(Elementary.log(1) == 0 && Elementary.log(0) == -.infinity && Elementary.log(.infinity) == .infinity)
    #expect(Elementary.log(-1).isNaN && Elementary.log(.nan).isNaN)
  }

  @Test func circleAgreesWithTheLibrary() {
    for denominator in [1, 2, 3, 4, 5, 7, 8, 12, 360, 4096] {
      for numerator in -denominator...2 * denominator {
        let turns = Double(numerator) / Double(denominator)
        let (c, s) = Elementary.circle(turns: turns)
        // The library rounds 2π · turns before it begins: an error of up to 4 ulp of the angle.
        #expect(abs(c - cos(2 * Double.pi * turns)) < 4e-15 && abs(s - sin(2 * Double.pi * turns)) < 4e-15, "\(turns)")
      }
    }
    #expect(Elementary.circle(turns: 0.25) == (0, 1) && Elementary.circle(turns: 0.5) == (-1, 0))
    #expect(Elementary.circle(turns: -0.25) == (0, -1) && Elementary.circle(turns: 1) == (1, 0))
  }

  @Test func powersOfWholeExponents() {
    #expect(Elementary.power(0.999, 0) == 1 && Elementary.power(2, 10) == 1024)
    // Each squaring doubles the relative error of the last.
    for n in [1, 7, 100, 12_345] { #expect(abs(Elementary.power(0.999, n) / pow(0.999, Double(n)) - 1) < Double(n) * 2.3e-16) }
  }

  /// Recorded on one machine; any other must give the same.
  @Test func bitsAreTheSameEverywhere() {
    let values = [
      Elementary.exp(0.1), Elementary.exp(-3.7), Elementary.exp(55.5), Elementary.log(0.3), Elementary.log(1.1), Elementary.log(12345.678),
      Elementary.circle(turns: 0.1).cos, Elementary.circle(turns: 0.7).sin, Elementary.power(0.9, 37),
    ]
    #expect(values.map { String($0.bitPattern, radix: 16) } == Self.recorded)
  }

  private static let recorded = [
    "3ff1aec7b35a00d4", "3f99511fc6871044", "44f0ca5f56995724", "bff34378fcbda721", "3fb8663f793c46cc",
    "4022d79559791e31", "3fe9e3779b97f4a8", "bfee6f0e134454ff", "3f94c31dc565706e",
  ]
}
