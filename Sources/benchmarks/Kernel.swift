import Artifacts
import Tensors

/// A kernel at one shape: how far it is from its plain twin, and work to time.
struct Kernel {
  /// What one call must do, whichever way it does it.
  enum Work {
    /// Floating-point operations by the definition. Winograd's algorithms need fewer, so a convolution can pass the speed of a GEMM.
    case flop(Double)
    /// Bytes that every algorithm has to read and write, for kernels that memory holds back.
    case bytes(Double)
  }

  let name: String
  let shape: String
  let work: Work
  /// The largest difference from the plain twin, relative to the largest element.
  let error: () -> Float
  let call: () -> Void
  let tolerance: Float

  /// - Throws: `KernelFault`, where the kernel does not do what its plain twin does.
  func check() throws -> Float {
    let error = error()
    // Written so that a not-a-number fails too.
    guard error <= tolerance else { throw KernelFault(kernel: "\(name), \(shape)", error: error, tolerance: tolerance) }
    return error
  }

  /// The largest difference of each pair, relative to the second one's largest element.
  static func error(_ pairs: [(fast: Tensor?, plain: Tensor)]) -> Float {
    pairs.reduce(0) { worst, pair in
      guard let fast = pair.fast, fast.shape == pair.plain.shape else { return .infinity }
      let largest = pair.plain.scalars.reduce(Float(1e-20)) { max($0, abs($1)) }
      let differences = zip(fast.scalars, pair.plain.scalars).map { abs($0 - $1) / largest }
      // A not-a-number stays once it is there.
      return differences.reduce(worst) { $0.isNaN || $1 <= $0 ? $0 : $1 }
    }
  }
}

/// A fast kernel and its plain twin disagree.
struct KernelFault: ExplainedError {
  let kernel: String
  let error, tolerance: Float

  var problem: String { "\(kernel): the fast kernel is \(error) from its plain twin; \(tolerance) is allowed" }
  var remedy: String { "do not trust this build: run make test, and report the processor and this message" }
  var kind: ErrorKind { .bug }
}
