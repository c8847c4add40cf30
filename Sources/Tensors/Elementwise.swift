import Glibc

extension Tensor {
  /// self += other · factor, element by element.
  public mutating func add(_ other: Tensor, times factor: Float = 1) {
    precondition(shape == other.shape, "cannot add \(other.shape) to \(shape)")
    withUnsafeMutableBufferPointer { a in other.withUnsafeBufferPointer { b in for i in a.indices { a[i] += b[i] * factor } } }
  }
}

/// e^x of the C library, in Double rounded to Float: the same bits on every CPU of a class.
public enum Exponential {
  public static func of(_ x: Float) -> Float { Float(Glibc.exp(Double(x))) }
}
