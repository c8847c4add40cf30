import Artifacts
import Foundation
import Testing

/// The first place in which two files differ, in the terms of what they hold.
struct FileDifferenceTests {
  private func difference(_ name: String, _ old: (String) throws -> Void, _ new: (String) throws -> Void) throws -> String? {
    let folder = FileManager.default.temporaryDirectory.path + "/ccr-difference-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let (one, other) = ("\(folder)/old-\(name)", "\(folder)/new-\(name)")
    try old(one)
    try new(other)
    return try FileDifference.first(name, one, other)
  }

  private func hdf5(_ floats: [Float], integers: [Int32] = [1, 2], names: [String] = ["a", "b"], remark: String = "r") -> (String) throws ->
    Void
  {
    { path in
      try HDF5Writer.write(to: path) { file in
        try file.group("epoch_0001")
        try file.write(floats, shape: [2, 3], to: "/epoch_0001/features", axes: "N,D", units: "1", meaning: "features")
        try file.write(integers, shape: [2], to: "/labels", axes: "N", units: "1", meaning: "labels")
        try file.write(names, to: "/names", axes: "N", meaning: "names")
        try file.attribute("remarks", remark)
      }
    }
  }

  private static let values: [Float] = [0, 1, -2, 0.25, 4, 5]

  private func changed(_ place: Int, _ value: Float) -> [Float] {
    var values = Self.values
    values[place] = value
    return values
  }

  @Test func equalFilesDoNotDiffer() throws {
    #expect(try difference("x.h5", hdf5(Self.values), hdf5(Self.values)) == nil)
  }

  @Test(arguments: [
    (3, Float(0.25).nextUp, "[1, 0]: 0.25 → 0.25000003, 1 ULP"), (2, -2.5, "[0, 2]: -2.0 → -2.5, 2097152 ULP"),
    (0, -Float.leastNonzeroMagnitude, "[0, 0]: 0.0 → -1e-45, 1 ULP"), (0, -0.0, "[0, 0]: 0.0 → -0.0, 0 ULP"),
    (1, Float.nan, "[0, 1]: 1.0 → nan"), (1, Float.infinity, "[0, 1]: 1.0 → inf, 1073741824 ULP"),
  ])
  func theFirstElementIsNamedWithBothValuesAndULPs(_ place: Int, _ value: Float, words: String) throws {
    let found = try #require(try difference("x.h5", hdf5(Self.values), hdf5(changed(place, value))))
    #expect(found == "/epoch_0001/features\(words)")
  }

  @Test func allElementsThatDifferAreCounted() throws {
    let found = try difference("x.h5", hdf5(Self.values), hdf5([0, 1, -2, 1, 2, 3]))
    #expect(found == "/epoch_0001/features[1, 0]: 0.25 → 1.0, 16777216 ULP; the first of 3 values that differ")
  }

  @Test func otherTypesShapesAndAttributesAreNamed() throws {
    #expect(try difference("x.h5", hdf5(Self.values), hdf5(Self.values, integers: [1, -3])) == "/labels[1]: 2 → -3")
    #expect(try difference("x.h5", hdf5(Self.values), hdf5(Self.values, names: ["a", "c"])) == "/names[1]: \"b\" → \"c\"")
    #expect(try difference("x.h5", hdf5(Self.values), hdf5(Self.values, remark: "s")) == "the attribute remarks of /: r → s")
    let labels: [Int32] = [1, 2]
    let missing = try difference("x.h5", hdf5(Self.values)) { path in
      try HDF5Writer.write(to: path) { try $0.write(labels, shape: [2], to: "/labels", axes: "N", units: "1", meaning: "labels") }
    }
    #expect(missing == "/epoch_0001/features is missing")
    let shape = try difference("x.h5", { try self.lone([1, 2], $0) }, { try self.lone([1, 2, 3], $0) })
    #expect(shape == "/labels was int32 [2], is int32 [3]")
  }

  private func lone(_ values: [Int32], _ path: String) throws {
    try HDF5Writer.write(to: path) { try $0.write(values, shape: [values.count], to: "/labels", axes: "N", units: "1", meaning: "labels") }
  }

  /// More than is read at once, on a later block.
  @Test func longDatasetsAreReadInBlocks() throws {
    let count = 5_000_000
    var values = [Int32](repeating: 7, count: count)
    let old = values
    values[count - 2] = 8
    #expect(try difference("x.h5", { try self.lone(old, $0) }, { try self.lone(values, $0) }) == "/labels[\(count - 2)]: 7 → 8")
  }

  @Test(arguments: [
    ("x.json", #"{"a": [1, {"b": 2}]}"#, #"{"a": [1, {"b": 3}]}"#, "/a/1/b: 2 → 3"), ("x.json", "[1]", "[1, 2]", "/1: absent → 2"),
    ("x.json", "{\"a\": 1}", "{\"a\":1}", "byte 5 (8 → 7 bytes)"), ("x.csv", "a,b\n1,2\n", "a,b\n1,3\n", "line 2: 1,2 → 1,3"),
    ("x.txt", "one\n", "one\ntwo\n", "line 2: nothing → two"), ("x.bin", "a\0b", "a\0c", "byte 2"),
    ("x.h5", "no HDF5", "no hdf5", "byte 3"),
  ])
  func otherFilesDifferInTheirOwnTerms(_ name: String, _ old: String, _ new: String, words: String) throws {
    #expect(try difference(name, { try AtomicFile.write(old, to: $0) }, { try AtomicFile.write(new, to: $0) }) == words)
  }
}
