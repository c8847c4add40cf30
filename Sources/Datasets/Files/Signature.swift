/// Tells data sets by the names of their files, for archives that are put in the wrong place.
enum Signature {
  private static let known: [(file: String, dataset: String)] = [
    ("data_batch_1.bin", "the binary version of CIFAR-10"),
    ("data_batch_1", "the Python version of CIFAR-10; the binary version is needed"),
    ("data_batch_1.mat", "the Matlab version of CIFAR-10; the binary version is needed"),
    ("coarse_label_names.txt", "the binary version of CIFAR-100"), ("train_X.bin", "STL-10"),
    ("train_X.mat", "the Matlab version of STL-10"),
    ("wnids.txt", "Tiny-ImageNet"), ("train-images-idx3-ubyte.gz", "MNIST or Fashion-MNIST"),
    ("train-images-idx3-ubyte", "MNIST or Fashion-MNIST"),
  ]

  static func recognise(_ names: some Sequence<String>) -> String? {
    let names = Set(names)
    return known.first { names.contains($0.file) }?.dataset
  }
}
