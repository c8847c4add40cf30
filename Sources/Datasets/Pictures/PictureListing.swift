import Artifacts

/// What lies in a folder of pictures: classes and files, sorted by the bytes of their names, and what is left out.
///
/// A folder is a class if it holds a picture; without such a folder the pictures in the folder itself are a set without classes. Links count
/// as what they lead to. Content decides what a file is; where it says nothing, the name does.
struct PictureListing {
  struct File {
    let path: BytePath
    /// The path in the folder, as `BytePath` renders it.
    let name: String
    /// The class, −1 for none.
    let label: Int32
  }

  private(set) var classNames: [String] = []
  private(set) var files: [File] = []
  private(set) var leftOut: [LeftOut] = []

  /// - Throws: `FileError`, `DatasetError.duplicateClasses`.
  init(_ folder: String) throws {
    let top = try look(into: BytePath(folder), name: "")
    for name in top.folders {
      let (path, text) = (BytePath(folder).appending(name), BytePath.rendered(name))
      let inside = try look(into: path, name: "\(text)/")
      for nested in inside.folders { try leaveOutNested(path.appending(nested), name: "\(text)/\(BytePath.rendered(nested))/") }
      if inside.pictures.isEmpty {
        leftOut.append(LeftOut(name: "\(text)/", reason: .emptyFolder))
        continue
      }
      files += inside.pictures.map {
        File(path: path.appending($0), name: "\(text)/\(BytePath.rendered($0))", label: Int32(classNames.count))
      }
      classNames.append(text)
    }
    let double = Dictionary(grouping: classNames) { $0.lowercased() }.values.filter { $0.count > 1 }
    guard double.isEmpty else { throw DatasetError.duplicateClasses(path: folder, names: double.flatMap { $0 }.sorted()) }
    if classNames.isEmpty {
      files = top.pictures.map { File(path: BytePath(folder).appending($0), name: BytePath.rendered($0), label: -1) }
    } else {
      leftOut += top.pictures.map { LeftOut(name: BytePath.rendered($0), reason: .withoutClass) }
    }
    leftOut.sort { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
  }

  /// The pictures and folders in a folder; what is neither is left out.
  /// - Parameter name: of the folder, empty or with a slash at its end.
  private mutating func look(into folder: BytePath, name: String) throws -> (pictures: [[UInt8]], folders: [[UInt8]]) {
    var (pictures, folders): ([[UInt8]], [[UInt8]]) = ([], [])
    for entry in try FolderListing.entries(in: folder) {
      let path = folder.appending(entry)
      let (kind, text) = (FolderListing.kind(path), name + BytePath.rendered(entry))
      if entry.first == UInt8(ascii: ".") {
        // Files that desktops keep for themselves are no news; what looks like a picture is.
        if kind == .folder { leftOut.append(LeftOut(name: text + "/", reason: .hidden)) }
        if kind == .file, PictureFormat.of(name: entry) != nil { leftOut.append(LeftOut(name: text, reason: .hidden)) }
        continue
      }
      switch kind {
      case .folder: folders.append(entry)
      case .other: leftOut.append(LeftOut(name: text, reason: .special))
      case .missing: leftOut.append(LeftOut(name: text, reason: .brokenLink))
      case .file:
        let format = PictureFormat.of(name: entry, content: try OpenFile(path).beginning(PictureFormat.signatureBytes))
        switch format {
        case .some(let format) where format.isRead: pictures.append(entry)
        case .some(let format): leftOut.append(LeftOut(name: text, reason: .format(format)))
        case nil: leftOut.append(LeftOut(name: text, reason: .noPicture))
        }
      }
    }
    return (pictures, folders)
  }

  /// All files below a folder. Links to folders are not followed: they may lead in a circle.
  private mutating func leaveOutNested(_ folder: BytePath, name: String) throws {
    if FolderListing.isLink(folder) {
      leftOut.append(LeftOut(name: name, reason: .nested))
      return
    }
    for entry in try FolderListing.entries(in: folder) where entry.first != UInt8(ascii: ".") {
      let (path, text) = (folder.appending(entry), name + BytePath.rendered(entry))
      if FolderListing.kind(path) == .folder {
        try leaveOutNested(path, name: text + "/")
      } else {
        leftOut.append(LeftOut(name: text, reason: .nested))
      }
    }
  }
}
