extension UnsafePointer<Float> {
  /// The 16 numbers from `index` on, wherever they start.
  @inline(__always) func vector(_ index: Int) -> SIMD16<Float> { UnsafeRawPointer(self + index).loadUnaligned(as: SIMD16<Float>.self) }
}

extension UnsafeMutablePointer<Float> {
  @inline(__always) func vector(_ index: Int) -> SIMD16<Float> { UnsafePointer(self).vector(index) }

  @inline(__always) func store(_ vector: SIMD16<Float>, at index: Int) {
    UnsafeMutableRawPointer(self + index).storeBytes(of: vector, as: SIMD16<Float>.self)
  }
}

/// The standard library's `sum()`, `min()` and `pointwiseMin` go lane by lane; these halve the vector, in a fixed order.
extension SIMD16<Float> {
  @inline(__always) var total: Float {
    let eight = lowHalf + highHalf
    let four = eight.lowHalf + eight.highHalf
    return (four[0] + four[2]) + (four[1] + four[3])
  }

  @inline(__always) var least: Float {
    let eight = lowHalf.replacing(with: highHalf, where: highHalf .< lowHalf)
    let four = eight.lowHalf.replacing(with: eight.highHalf, where: eight.highHalf .< eight.lowHalf)
    return Swift.min(Swift.min(four[0], four[1]), Swift.min(four[2], four[3]))
  }

  /// Lane by lane the smaller number.
  @inline(__always) func lower(_ other: SIMD16<Float>) -> SIMD16<Float> { replacing(with: other, where: other .< self) }
}
