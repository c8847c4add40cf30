import Artifacts
import TestSupport
import Testing

/// The program `benchmarks`: what it prints for `ccr doctor` and the comparison with peers, not how fast it is.
@Suite(.waiting)
struct BenchmarksTests {
  private func output(_ arguments: String...) throws -> JSONValue {
    let output = try Programs.run("benchmarks", arguments + ["--json"])
    #expect(output.code == 0, "\(output.error)")
    return try JSONValue.parse(output.out, file: arguments.joined(separator: " "))
  }

  @Test func kernelsAgreeWithTheirPlainTwinsAndSayHowFastTheyAre() throws {
    let table = try output("kernels", "--quick")
    #expect(table["cpu"]?.string != nil && table["blas_core"]?.string != nil && table["threads"]?.integer == 2)
    #expect((table["gemm_gflops"]?.double ?? 0) > 0)
    let kernels = try #require(table["kernels"]?.array)
    let names = Set(kernels.compactMap { $0["kernel"]?.string })
    #expect(
      names == [
        "convolution forward", "convolution backward", "batch normalisation forward", "batch normalisation backward", "max pooling forward",
        "max pooling backward", "Adam",
      ])
    for kernel in kernels {
      #expect(kernel["milliseconds"]?.double != nil && kernel["relative_error"]?.double != nil, "\(kernel.compact)")
      #expect((kernel["peak_share"] != nil && kernel["gflops"] != nil) != (kernel["gbytes_per_second"] != nil), "\(kernel.compact)")
    }
  }

  @Test func theSpeedOfMatrixProductsIsThere() throws {
    let speed = try output("gemm")
    #expect((speed["gflops"]?.double ?? 0) > 0 && speed["blas_core"]?.string != nil)
  }

  @Test func aThousandStepsTakeNoMoreMemoryThanAFew() throws {
    let step = try output(
      "train-step", "--size", "16", "--channels", "1", "--widths", "16,32", "--blocks", "1,1", "--batch", "10", "--steps", "1000")
    let (peak, growth) = (try #require(step["peak_megabytes"]?.integer), try #require(step["peak_growth_megabytes"]?.integer))
    // A step's tensors alone are some 10 MiB; the allocator's own arenas settle within this.
    #expect(peak > 0 && growth <= 8, "\(growth) MiB more after 1,000 steps, \(peak) MiB in all")
  }

  @Test func anEpochOfTrainingIsTimed() throws {
    let rate = try output("epoch", "--size", "16", "--channels", "1", "--widths", "16", "--blocks", "1", "--batch", "10", "--images", "20")
    #expect((rate["images_per_second"]?.double ?? 0) > 0)
  }
}
