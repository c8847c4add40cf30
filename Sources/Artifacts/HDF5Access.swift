import CHDF5

/// How HDF5 files are opened.
enum HDF5Access {
  /// Without the library's locks: files appear whole by renaming and are never written again, so there is nothing to guard, while locks fail on
  /// some network file systems, and a program started while a file was being written holds that file's lock as long as it runs.
  /// - Returns: properties that the caller closes.
  static func properties() -> hid_t {
    let access = H5Pcreate(h5_file_access())
    H5Pset_file_locking(access, false, true)
    return access
  }
}
