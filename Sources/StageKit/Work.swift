import Artifacts
import Glibc
import Tensors

/// What a run will take, as far as its program can tell from settings and data: what `ccr plan` estimates with.
public struct Work: Sendable, Hashable {
  /// Floating-point operations, all threads together; what is no product counts as the operations of a large product that take as long.
  public var operations: Double
  /// Memory at its peak, bytes; nil where that is not known.
  public var memory: Double?
  /// All outputs together, bytes; nil where that is not known.
  public var outputs: Double?

  public init(operations: Double, memory: Double? = nil, outputs: Double? = nil) {
    (self.operations, self.memory, self.outputs) = (operations, memory, outputs)
  }

  /// Raised where programs count otherwise than before: runs of another counting say nothing of their work.
  private static let counting = 3

  var json: JSONValue {
    var members: [JSONValue.Member] = [.init("operations", .number(operations.rounded())), .init("counting", .integer(Self.counting))]
    if let memory { members.append(.init("memory", .number(memory.rounded()))) }
    if let outputs { members.append(.init("outputs", .number(outputs.rounded()))) }
    return .object(members)
  }
}

/// How fast this machine is, for programs that have never run on it.
enum Calibration {
  /// Seconds it measures.
  private static let length = 0.3

  /// What `--calibrate` prints: operations per second of one thread in products of matrices that do not fit the innermost caches, as the
  /// convolutions of training are.
  static func json() -> JSONValue {
    let side = 384
    let a = Tensor(shape: [side, side], (0..<side * side).map { Float($0 % 17) / 17 })
    let product = Tensor(uninitialized: [side, side])
    var (operations, start) = (0.0, now)
    let end = start + length
    // The first product finds nothing in the caches.
    MatrixProduct.multiply(a.base, a.base, m: side, n: side, k: side, into: product.base)
    start = now
    repeat {
      MatrixProduct.multiply(a.base, a.base, m: side, n: side, k: side, into: product.base)
      operations += 2 * Double(side * side * side)
    } while now < end
    let speed = operations / (now - start)
    return withExtendedLifetime((a, product)) { ["operationsPerSecond": .number(speed.rounded())] }
  }

  private static var now: Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }
}
