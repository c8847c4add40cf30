import Artifacts
import Foundation
import StageKit
import Tensors
import Testing

/// Epochs and passes beyond four digits, up to the largest that the settings allow: each is read as what it was written, in the order of numbers.
struct EpochNumberTests {
  private let folder = FileManager.default.temporaryDirectory.path + "/ccr-epochs-\(UUID().uuidString)"
  init() throws { try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true) }

  private static let epochs = [0, 1, 10, 999, 1000, 1001, 9999, 10_000, 10_001, 99_999, 100_000]

  @Test func weightsFeaturesAndAssignmentsComeBackByTheirEpoch() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let path = "\(folder)/f.h5"
    func tensor(_ epoch: Int) -> Tensor { Tensor(shape: [1, 2], [Float(epoch), 1]) }
    try WeightsFile.write(Self.epochs.map { ($0, [("a.weight", tensor($0))]) }, to: path)
    #expect(try WeightsFile.epochs(path) == Self.epochs)
    for epoch in Self.epochs { #expect(try WeightsFile.read(path, epoch: epoch).first?.tensor.scalars == [Float(epoch), 1]) }
    try FeaturesFile.write(Self.epochs.map { ($0, tensor($0)) }, to: path)
    #expect(try FeaturesFile.epochs(path) == Self.epochs)
    for epoch in Self.epochs { #expect(try FeaturesFile.read(path, epoch: epoch).scalars == [Float(epoch), 1]) }
    try AssignmentsFile.write(
      Self.epochs.map { Assignments(epoch: $0, clusters: [Int32($0)], probabilities: [tensor($0)]) }, to: path)
    #expect(try AssignmentsFile.epochs(path) == Self.epochs)
    for epoch in Self.epochs { #expect(try AssignmentsFile.read(path, epoch: epoch).clusters == [Int32(epoch)]) }
    #expect(throws: HDF5Error.self) { try AssignmentsFile.read(path, epoch: 100) }
    #expect(throws: HDF5Error.self) { try AssignmentsFile.read(path, epoch: 10_002) }
  }

  @Test func viewsComeBackByTheirPass() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let path = "\(folder)/views.h5"
    func grey(_ pass: Int) -> UInt8 { UInt8(pass % 251) }
    try ViewsFile.write(.init(passes: 10_002, images: 1, repeats: 1, size: 1, channels: 1), madeWith: "", to: path) { pass, _ in
      ([grey(pass)], [255 - grey(pass)])
    }
    for pass in Self.epochs {
      let views = try ViewsFile.read(path, pass: pass)?.views(of: [0])
      #expect(views?.originals == (pass < 10_002 ? [grey(pass)] : nil) && views?.augmented == (pass < 10_002 ? [255 - grey(pass)] : nil))
    }
  }
}
