import Artifacts
import Datasets
import Testing

struct CatalogueTests {
  @Test func subsetsAreRandomAscendingAndReproducible() throws {
    let chosen = try Ingestion.subset(of: 1000, size: 20, seed: 1)
    #expect(chosen.count == 20 && Set(chosen).count == 20 && chosen == chosen.sorted())
    #expect(try chosen == Ingestion.subset(of: 1000, size: 20, seed: 1) && chosen != Ingestion.subset(of: 1000, size: 20, seed: 2))
    #expect(try Ingestion.subset(of: 3, size: 0, seed: 1) == [0, 1, 2])
  }

  @Test func mistypedDataSetsAreExplained() {
    let error = #expect(throws: DatasetError.self) {
      try Ingestion(dataset: "fashon-mnist", imageSize: 0, imageChannels: 3, verify: true, data: "/nowhere")
    }
    #expect(error?.problem.contains("did you mean \"fashion-mnist\"?") == true)
  }

  @Test func downloadsAreWhole() {
    for original in Catalogue.originals {
      #expect(!original.downloads.isEmpty)
      for download in original.downloads {
        #expect(download.bytes > 1000 && ContentDigest(hex: download.sha256) != nil && download.url.hasPrefix("http"))
      }
    }
  }
}
