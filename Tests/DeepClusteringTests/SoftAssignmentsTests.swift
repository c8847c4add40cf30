import DeepClustering
import Tensors
import Testing

struct SoftAssignmentsTests {
  @Test func probabilitiesFallWithTheDistanceToTheMeans() {
    // Means 0 and 10; the mean squared distance to them is 1.
    let features = Tensor(shape: [4, 1], [-1, 1, 9, 11])
    let q = SoftAssignments.students(features, clusters: [0, 0, 1, 1], count: 3)
    #expect(q.shape == [4, 3])
    // 1/(1 + 1) against 1/(1 + 121) for the first image.
    let (near, far) = (0.5, 1 / 122.0)
    #expect(abs(Double(q.scalars[0]) - near / (near + far)) < 1e-6 && abs(Double(q.scalars[1]) - far / (near + far)) < 1e-6)
    #expect((0..<4).allSatisfy { q.scalars[$0 * 3 + 2] == 0 }, "a cluster without images takes nothing")
    #expect((0..<4).allSatisfy { abs(q.scalars[$0 * 3..<$0 * 3 + 3].reduce(0, +) - 1) < 1e-6 })
  }

  @Test func imagesOfNoClusterHaveNoPartInMeans() {
    let some = SoftAssignments.students(Tensor(shape: [4, 1], [-1, 1, 9, 11]), clusters: [0, 0, 1, 1], count: 2)
    let more = SoftAssignments.students(Tensor(shape: [6, 1], [-1, 1, 9, 11, 1000, 0]), clusters: [0, 0, 1, 1, -1, -1], count: 2)
    #expect(Array(more.scalars.prefix(8)) == some.scalars && more.scalars[10] > 0.98 && more.scalars.allSatisfy(\.isFinite))
  }

  @Test func imagesThatLieOnTheirMeansAreWhollyTheirClusters() {
    let q = SoftAssignments.students(Tensor(shape: [3, 2], [1, 1, 1, 1, 5, 5]), clusters: [1, 1, 0], count: 2)
    #expect(q.scalars == [0, 1, 0, 1, 1, 0])
  }
}
