import COpenBLAS
import Glibc

/// The OpenBLAS this process has loaded.
public enum BLAS {
  /// The processor type OpenBLAS chose its kernels for, such as `SkylakeX`.
  public static var coreName: String { String(cString: openblas_get_corename()) }

  /// What OpenBLAS takes for each thread that computes, on x86-64; less elsewhere.
  private static let bufferBytes = 128 << 20
  private static let arenaBytes = 64 << 20

  /// Takes the memory in which so many threads will compute, once for all: OpenBLAS, asked for a product where there is too little, would
  /// try for ever without a word.
  /// - Returns: the bytes that are missing, nil where all is well.
  public static func reserve(threads: Int) -> Int? {
    // One more prepares the next batch beside them. Each thread has an arena of malloc's besides.
    let bytes = (threads + 1) * (bufferBytes + arenaBytes) + arenaBytes
    guard Memory.canTake(bytes) else { return bytes }
    let buffers = (0...threads).map { _ in blas_memory_alloc(0) }
    buffers.forEach { blas_memory_free($0) }
    return nil
  }

  /// The file OpenBLAS was loaded from; empty where /proc does not say.
  public static var libraryPath: String { loadedFile(named: "blas") }

  /// The file ARPACK was loaded from; empty where /proc does not say.
  public static var arpackPath: String { loadedFile(named: "arpack") }

  /// By the process's own memory map.
  private static func loadedFile(named part: String) -> String {
    guard let maps = fopen("/proc/self/maps", "r") else { return "" }
    defer { fclose(maps) }
    var line: UnsafeMutablePointer<CChar>?
    var capacity = 0
    defer { free(line) }
    while getline(&line, &capacity, maps) > 0 {
      guard let text = line.map({ String(cString: $0) }), text.contains(part), let slash = text.firstIndex(of: "/") else { continue }
      return String(text[slash...].prefix { !$0.isNewline })
    }
    return ""
  }

  /// The type whose kernels every machine with AVX2 and FMA computes with, so that their results are equal; nil elsewhere.
  public static func preferredCoreType() -> String? { NumericClass.required.isSubset(of: NumericClass.cpuFeatures) ? "Haswell" : nil }
}

/// The kind of machine a number was computed on: results are bit-equal within one class.
///
/// All x86-64 machines with AVX2 and FMA are one class: sums run in a written order, elementary functions are our own (`Elementary`), and OpenBLAS,
/// where it is used, is given the same kernels everywhere.
public enum NumericClass {
  /// What the processor must have, as Linux names it.
  static let required: Set<String> = ["avx2", "fma", "bmi2"]

  /// The class of results that OpenBLAS has no part in, such as `x86-64/fma`.
  public static var current: String {
    #if arch(x86_64)
      return "x86-64/fma"
    #else
      return "arm64/neon"
    #endif
  }

  /// The class of results with products, or eigenvectors, of OpenBLAS in them, such as `x86-64/fma/Haswell`.
  public static var currentWithBLAS: String { "\(current)/\(BLAS.coreName)" }

  /// The CPU's feature flags as Linux names them; empty where it names none.
  static var cpuFeatures: Set<String> {
    guard let file = fopen("/proc/cpuinfo", "r") else { return [] }
    defer { fclose(file) }
    var line: UnsafeMutablePointer<CChar>?
    var capacity = 0
    defer { free(line) }
    while getline(&line, &capacity, file) > 0 {
      guard let text = line.map({ String(cString: $0) }), text.hasPrefix("flags") else { continue }
      return Set(text.split(whereSeparator: \.isWhitespace).map(String.init))
    }
    return []
  }
}
