import Artifacts

/// A data set in the form its authors give it. A conformer is one file of `Originals/` and one line of `Catalogue`.
package protocol Original: Sendable {
  /// As in pipeline.json: `cifar-10`.
  var name: String { get }
  /// As in prose: `CIFAR-10`.
  var title: String { get }
  /// The official files, relative to the data folder.
  var downloads: [Download] { get }
  /// Whether the order of its images is drawn at random, since its files are of one class after another.
  var drawsOrder: Bool { get }
  /// What is known before any file is opened.
  /// - Parameter files: how many files there are to read, nil where that is not known.
  func shape(files: Int?) -> OriginalShape

  /// The files that are read, and what they are called wherever they lie.
  /// - Parameter data: the user's data folder.
  func files(data: String) throws -> [OriginalFile]

  /// Finds the files and reads what must be known before the first image.
  /// - Parameters:
  ///   - data: the user's data folder.
  ///   - verify: whether contents must have the official checksums.
  /// - Throws: `DatasetError`, `FileError`.
  func open(data: String, verify: Bool) throws -> OpenOriginal
}

extension Original {
  package var drawsOrder: Bool { false }
}

/// What is known of a data set before its files are opened.
public struct OriginalShape: Sendable, Hashable {
  /// How many images there are, and how many of them, the first ones, are clustered; nil where that is not known. Of a folder of pictures
  /// the most, since some may be unreadable.
  public let images, scored: Int?
  public let channels: Int

  package init(images: Int?, scored: Int? = nil, channels: Int) {
    (self.images, self.scored, self.channels) = (images, scored ?? images, channels)
  }
}

/// A file that is read, and what it is called wherever it lies.
public struct OriginalFile: Sendable, Equatable {
  public let name, path: String
  /// What it counts by, where that is not the content of the file at `path`: of a file whose path is no text, this is its content's digest
  /// and `path` only for people; of a file that is left out, that of the reason.
  public let digest: ContentDigest?

  init(name: String, path: String, digest: ContentDigest? = nil) {
    self.name = name
    self.path = path
    self.digest = digest
  }
}

/// An official file, for `ccr fetch`.
package struct Download: Sendable, Equatable {
  package let url: String
  /// Where it goes in the data folder.
  package let file: String
  package let bytes: Int
  package let sha256: String

  package init(url: String, file: String, bytes: Int, sha256: String) {
    self.url = url
    self.file = file
    self.bytes = bytes
    self.sha256 = sha256
  }
}

/// A data set whose files were found.
package struct OpenOriginal {
  /// How many images of what size there are, and how many of them, the first ones, are clustered, and scored where they have a class.
  package let count, height, width, channels, scored: Int
  package let classNames: [String]
  /// Names of the classes of a finer division, empty where there is none.
  package let fineClassNames: [String]
  /// The file of each image, empty where images have none of their own or no name that a person gave.
  package let fileNames: [String]
  /// The files that are not read, and why.
  package let leftOut: [(name: String, reason: String)]
  /// Reads all images, in the order that suits the files. Each is put into the sink once, under its own number.
  package let read: (OriginalSink) throws -> Void
  /// What the person should know though the work goes on.
  package let warnings: [String]

  package init(
    count: Int, height: Int, width: Int, channels: Int, scored: Int? = nil, classNames: [String], fineClassNames: [String] = [],
    fileNames: [String] = [], leftOut: [(name: String, reason: String)] = [], warnings: [String] = [],
    read: @escaping (OriginalSink) throws -> Void
  ) {
    self.count = count
    self.height = height
    self.width = width
    self.channels = channels
    self.scored = scored ?? count
    self.classNames = classNames
    self.fineClassNames = fineClassNames
    self.fileNames = fileNames
    self.leftOut = leftOut
    self.warnings = warnings
    self.read = read
  }
}

/// Takes the images of a data set as they come, keeps the chosen ones, and writes each to its row.
package final class OriginalSink {
  /// The row of `images.h5` that an image gets, −1 where it was not chosen.
  private let rows: [Int32]
  private let imageBytes: Int
  private let writesAll: Bool
  private let write: (_ images: UnsafeRawBufferPointer, _ row: Int) throws -> Void
  private let tell: (_ done: Int, _ total: Int) -> Void
  private var taken = 0
  package private(set) var labels: [Int32]
  package private(set) var fineLabels: [Int32]

  /// - Parameters:
  ///   - chosen: the number of the image of each row.
  ///   - tell: is told how many images of how many were put.
  ///   - write: takes neighbouring images and the row of the first.
  package init(
    count: Int, chosen: [Int], imageBytes: Int, tell: @escaping (Int, Int) -> Void,
    write: @escaping (UnsafeRawBufferPointer, Int) throws -> Void
  ) {
    var rows = [Int32](repeating: -1, count: count)
    for (row, number) in chosen.enumerated() { rows[number] = Int32(row) }
    self.rows = rows
    self.imageBytes = imageBytes
    self.write = write
    self.tell = tell
    writesAll = chosen.elementsEqual(0..<count)
    labels = Array(repeating: -1, count: chosen.count)
    fineLabels = labels
  }

  /// Puts neighbouring images [n, height, width, channels], the first of which has the number `first`.
  package func put(_ pixels: UnsafeRawBufferPointer, first: Int) throws {
    let count = pixels.count / imageBytes
    precondition(first >= 0 && first + count <= rows.count, "images \(first) to \(first + count) of \(rows.count)")
    if writesAll {
      try write(pixels, first)
    } else {
      for number in 0..<count where rows[first + number] >= 0 {
        let image = UnsafeRawBufferPointer(rebasing: pixels[number * imageBytes..<(number + 1) * imageBytes])
        try write(image, Int(rows[first + number]))
      }
    }
    taken += count
    tell(taken, rows.count)
  }

  /// Whether image `number` was chosen; another need not be read.
  package func wants(_ number: Int) -> Bool { rows[number] >= 0 }

  /// Says that an image that was not chosen is passed over.
  package func pass() {
    taken += 1
    tell(taken, rows.count)
  }

  /// Says the class of image `number`, and its class of the finer division.
  package func label(_ number: Int, _ label: Int32, fine: Int32 = -1) {
    guard rows[number] >= 0 else { return }
    labels[Int(rows[number])] = label
    fineLabels[Int(rows[number])] = fine
  }
}
