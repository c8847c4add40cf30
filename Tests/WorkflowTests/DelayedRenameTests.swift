import Artifacts
import Foundation
import TestSupport
import Testing

/// Two runners on one store, the first of which is held up for 1.5 s between the making of a file or link and its renaming: what the second
/// one does meanwhile must neither take that away nor be misled by it.
@Suite(.waiting, .enabled(if: CCompiler.path != nil, "needs a C compiler, for a rename that waits"))
struct DelayedRenameTests {
  /// `rename` of the C library, with a pause before the first call that concerns a path with `DELAY_PATH` in it.
  private static let shim = #"""
    #define _GNU_SOURCE
    #include <dlfcn.h>
    #include <fcntl.h>
    #include <stdlib.h>
    #include <string.h>
    #include <time.h>
    #include <unistd.h>

    int rename(const char *from, const char *to) {
      static int delayed;
      const char *part = getenv("DELAY_PATH"), *mark = getenv("DELAY_MARK");
      if (part && mark && (strstr(from, part) || strstr(to, part)) && !__sync_lock_test_and_set(&delayed, 1)) {
        close(open(mark, O_WRONLY | O_CREAT, 0644));
        struct timespec pause = {1, 500000000};
        nanosleep(&pause, 0);
      }
      return ((int (*)(const char *, const char *))dlsym(RTLD_NEXT, "rename"))(from, to);
    }
    """#

  /// Links on their way, the record of a result, its provenance, the words of a stage, what was learned of files, a published table.
  @Test(arguments: [
    "/scratch/", "/results/quick/make/", "/result.json", "/provenance.json", "/log.txt", "/request.json", "/.store/digests",
    "/programs.json", "/tables/",
  ])
  func theOtherRunnerIsNotMisled(path: String) throws {
    let study = try ToyStudy()
    // What a program says of itself is remembered only once its file is old enough.
    if path == "/programs.json" { usleep(3_100_000) }
    try study.write(Self.shim, "shim.c")
    let compiler = try #require(CCompiler.path)
    #expect(try study.shell("\(compiler) -shared -fPIC -o \(study.folder)/shim.so \(study.folder)/shim.c").code == 0)
    let mark = "\(study.folder)/delayed"
    let first = try study.start(
      ["run", "--json", "--jobs", "2"],
      environment: ["LD_PRELOAD": "\(study.folder)/shim.so", "DELAY_PATH": path, "DELAY_MARK": mark])
    while first.0.isRunning, access(mark, F_OK) != 0 { usleep(2000) }
    #expect(access(mark, F_OK) == 0, "nothing of that name was renamed")
    let second = try study.start(["run", "--json", "--jobs", "2"])
    let outputs = [first.output(), second.output()]
    for output in outputs { #expect(output.code == 0, "\(output.error)") }
    #expect(study.executedInstances.count == ToyStudy.instances && Set(study.executedInstances).count == ToyStudy.instances)
    #expect(try study.run() == [:])
    let left = study.files("results").filter { $0.hasSuffix(".part") } + study.files("results/.store/scratch")
    #expect(left.isEmpty, "\(left)")
  }
}

private enum CCompiler {
  static let path = ["/usr/bin/cc", "/usr/bin/clang", "/usr/bin/gcc"].first { (path: String) in access(path, X_OK) == 0 }
}
