import CProcessor

/// Sixteen neighbouring floats: the grain in which kernels lay out memory, whatever the machine.
package typealias Vector = SIMD16<Float>

// MARK: The machine
// What kernels know of the processor they are compiled for; Package.swift defines AVX512. Only speed follows from it: every sum runs in the same
// order on every machine.

#if AVX512
  /// As many floats as a register holds, of which there are 32.
  typealias Lanes = SIMD16<Float>
  /// Rows × 16 of a matrix product that are kept in registers, with room for the factors.
  typealias ProductTile = RegisterTile<12>
  /// The same of a product with a transposed left side, whose rows are channels.
  typealias AdjointTile = RegisterTile<8>
#else
  typealias Lanes = SIMD8<Float>
  typealias ProductTile = RegisterTile<6>
  typealias AdjointTile = RegisterTile<4>
#endif

extension SIMD where Scalar == Float {
  /// The floats from an address on, aligned or not.
  @inline(__always)
  package init(loading address: UnsafePointer<Float>) { self = UnsafeRawPointer(address).loadUnaligned(as: Self.self) }

  @inline(__always)
  package func store(to address: UnsafeMutablePointer<Float>) { UnsafeMutableRawPointer(address).storeBytes(of: self, as: Self.self) }
}

extension Lanes {
  /// These lanes where the mask is set, `others` elsewhere.
  @inline(__always)
  func kept(where mask: SIMDMask<MaskStorage>, else others: Lanes = Lanes()) -> Lanes {
    let mask = unsafeBitCast(mask, to: MaskStorage.self)
    #if AVX512
      return lanes16_chosen(mask, self, others)
    #else
      return lanes8_chosen(mask, self, others)
    #endif
  }

  /// The larger of each lane; not a number where this one is not.
  @inline(__always)
  func larger(_ others: Lanes) -> Lanes {
    #if AVX512
      lanes16_larger(self, others)
    #else
      lanes8_larger(self, others)
    #endif
  }
}
