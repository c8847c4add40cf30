import Artifacts
import Tensors

/// The data sets that `ingest` knows: one line each.
public enum Catalogue {
  package static let originals: [any Original] = [CIFAR10(), CIFAR100(), STL10(), TinyImageNet(), FashionMNIST(), MNIST()]

  public static var names: [String] { originals.map(\.name) }

  /// - Throws: `DatasetError.unknown`, with the nearest name.
  package static func original(_ name: String) throws(DatasetError) -> any Original {
    guard let original = originals.first(where: { $0.name == name }) else {
      throw .unknown(name, nearest: NearestSpelling.of(name, among: names), known: names)
    }
    return original
  }
}
