/// Where the files of a data set may be.
enum DataFolder {
  /// The official archive or what was extracted from it, in the data folder itself or in its subfolder of the data set's name.
  /// - Throws: `DatasetError.notFound`, naming the places and what to do.
  static func find(
    _ original: some Original, archive: String, folder: String, in data: String
  ) throws(DatasetError) -> RecordFiles.Place {
    for place in [data, "\(data)/\(original.name)"] {
      if FolderListing.isFile("\(place)/\(archive)") { return .archive("\(place)/\(archive)") }
      if FolderListing.isFolder("\(place)/\(folder)") { return .folder("\(place)/\(folder)") }
    }
    throw .notFound(
      dataset: original.title, looked: ["\(data)/\(archive)", "\(data)/\(folder)/"],
      remedy: "run `ccr fetch \(original.name)`, or download \(original.downloads.map(\.url).joined(separator: ", ")) into \(data)/")
  }
}
