// swift-tools-version: 6.2
import Foundation
import PackageDescription

// MARK: - The machine
// Kernels are written in Swift SIMD types, so the instruction set is chosen here, once, for all targets but CProcessor, which says so where a
// program meets an older processor. x86-64-v3 (AVX2 + FMA) is the least; results are equal at any level from there on.
let cpuFlags =
  (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8))?
  .split(separator: "\n").first { $0.hasPrefix("flags") }
  .map { Set($0.split(separator: " ").map(String.init)) } ?? []
let hasAVX512 = cpuFlags.isSuperset(of: ["avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"])
let march = Context.environment["CCR_MARCH"] ?? (hasAVX512 ? "x86-64-v4" : "x86-64-v3")
// Square roots are instructions, also side by side, instead of calls that may set errno. AVX512 says how wide registers are (Tensors/Vectors.swift).
let settings: [SwiftSetting] =
  [.unsafeFlags(["-Xcc", "-march=\(march)", "-Xcc", "-fno-math-errno"])] + (march == "x86-64-v4" ? [.define("AVX512")] : [])

func gate(_ name: String, pkgConfig: String, apt: String) -> Target {
  .systemLibrary(name: name, pkgConfig: pkgConfig, providers: [.apt([apt])])
}
func room(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: settings)
}
func program(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .executableTarget(name: name, dependencies: dependencies, swiftSettings: settings)
}
// What imports Testing compiles modules of the toolchain anew and keeps them: with a cache of their own, since programs that are built behind such
// modules have other code, and another digest, than those of a fresh clone.
let testSettings = settings + [.unsafeFlags(["-module-cache-path", "\(Context.packageDirectory)/.build/test-modules"])]
func tests(_ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []) -> Target {
  .testTarget(name: name, dependencies: dependencies, exclude: exclude, swiftSettings: testSettings)
}
let arguments = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")

let package = Package(
  name: "contrastive-clustering",
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
  ],
  targets: [
    // MARK: Gates to system libraries
    gate("COpenBLAS", pkgConfig: "openblas", apt: "libopenblas-dev"),
    gate("CARPACK", pkgConfig: "arpack", apt: "libarpack2-dev"),
    gate("CHDF5", pkgConfig: "hdf5", apt: "libhdf5-dev"),
    gate("CPNG", pkgConfig: "libpng", apt: "libpng-dev"),
    gate("CJPEG", pkgConfig: "libturbojpeg", apt: "libturbojpeg0-dev"),
    gate("CWebP", pkgConfig: "libwebpdemux", apt: "libwebp-dev"),
    gate("CCrypto", pkgConfig: "libcrypto", apt: "libssl-dev"),
    gate("CArchive", pkgConfig: "libarchive", apt: "libarchive-dev"),
    gate("CCairo", pkgConfig: "cairo", apt: "libcairo2-dev"),

    // The typeface of the figures, compiled in.
    .target(name: "CDejaVu", exclude: ["DejaVuSans.ttf", "DejaVuSans-Bold.ttf", "LICENSE"]),

    // MARK: Rooms (arrows point down only; docs/architecture.md)
    .target(name: "CProcessor", cSettings: march == "x86-64-v4" ? [.define("PROCESSOR_AVX512")] : []),
    room("Tensors", ["COpenBLAS", "CARPACK", "CProcessor"]),
    room("Gradients", ["Tensors"]),
    room("Clustering", ["Tensors"]),
    room("Artifacts", ["CHDF5", "CPNG", "CCrypto"]),
    room("StageKit", ["Artifacts", "Tensors", arguments]),
    room(
      "DeepClustering", ["StageKit", "Gradients", "Clustering", "Tensors", .product(name: "HeapModule", package: "swift-collections")]),
    room("Datasets", ["Artifacts", "Tensors", "CArchive", "CJPEG", "CWebP"]),
    room("Figures", ["Artifacts", "Tensors", "CCairo", "CDejaVu"]),
    room("Tables", ["Artifacts"]),
    room("Workflow", ["Artifacts", .product(name: "HeapModule", package: "swift-collections")]),
    room("Report", ["Workflow", "Artifacts"]),

    // MARK: Programs
    program("ccr", ["Report", "Workflow", "Artifacts", arguments]),
    program("fetch", ["Datasets", "Artifacts", arguments]),
    program("ingest", ["StageKit", "Datasets", "Artifacts"]),
    program("augment", ["StageKit", "Datasets", "Artifacts", "Tensors"]),
    program("train", ["StageKit", "DeepClustering", "Datasets", "Artifacts", "Tensors"]),
    program("embed", ["StageKit", "DeepClustering", "Datasets", "Artifacts", "Tensors"]),
    program("cluster", ["StageKit", "Clustering", "Artifacts", "Tensors"]),
    program("tsne", ["StageKit", "Clustering", "Figures", "Artifacts", "Tensors"]),
    program("evaluate", ["StageKit", "Clustering", "Artifacts", "Tensors"]),
    program("tabulate", ["StageKit", "Tables", "Figures", "Artifacts", "Tensors"]),
    program(
      "benchmarks", ["StageKit", "DeepClustering", "Gradients", "Clustering", "Datasets", "Artifacts", "Tensors", arguments]),

    // MARK: Tests
    .target(name: "TestSupport", path: "Tests/TestSupport", swiftSettings: testSettings),
    tests("TensorsTests", ["Tensors"]),
    tests("GradientsTests", ["Gradients", "Tensors"]),
    tests("ClusteringTests", ["Clustering", "Tensors"]),
    tests("DeepClusteringTests", ["DeepClustering", "StageKit", "Gradients", "Clustering", "Artifacts", "Tensors", "TestSupport"]),
    tests("ArtifactsTests", ["Artifacts", "Tensors", "CHDF5"]),
    tests("DatasetsTests", ["Datasets", "Artifacts", "Tensors"]),
    tests("FiguresTests", ["Figures", "Artifacts", "Tensors"]),
    tests("TablesTests", ["Tables", "Artifacts"]),
    tests("StageKitTests", ["StageKit", "Artifacts", "Tensors"]),
    tests("WorkflowTests", ["Workflow", "StageKit", "Artifacts", "Tensors", "TestSupport"]),
    tests("EndToEndTests", ["Workflow", "StageKit", "Artifacts", "Tensors", "TestSupport"], exclude: ["study-digests.json"]),
  ],
  swiftLanguageModes: [.v6]
)
