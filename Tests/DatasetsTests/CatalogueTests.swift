import Artifacts
import Datasets
import Testing

struct CatalogueTests {
  @Test func subsetsIgnoreLabelsAndKeepTheOrder() throws {
    let images = ImageSet(name: "t", height: 1, width: 1, channels: 1, pixels: Array(0..<100), index: (0..<100).map { $0 }, verified: true)
    let labels = Labels(values: (0..<100).map { $0 / 50 }, classNames: ["a", "b"])
    let (chosen, kept) = try Catalogue.subset(images, labels, size: 20, seed: 1)
    #expect(chosen.count == 20 && chosen.index == chosen.index.sorted())
    #expect(zip(chosen.index, kept.values).allSatisfy { $0 / 50 == $1 })
    #expect(throws: DatasetError.subsetTooLarge(asked: 101, available: 100)) { try Catalogue.subset(images, labels, size: 101, seed: 1) }
  }

  @Test func missingAndMistypedDataSetsAreExplained() {
    let error = #expect(throws: DatasetError.self) { try Catalogue.read("fashon-mnist", folder: "/nowhere", verify: true) }
    #expect(error?.problem.contains("did you mean \"fashion-mnist\"?") == true)
  }
}
