import CCairo
import Glibc

/// A font read from its file by FreeType.
///
/// The font comes by file name and not through fontconfig, whose answer depends on the user's settings and on what else is
/// installed; and it is drawn without hinting. So equal texts are equal pixels.
final class Typeface: Sendable {
  /// DejaVu Sans.
  static let regular = Result { () throws(FigureError) in try Typeface(file: "DejaVuSans.ttf") }
  /// DejaVu Sans Bold.
  static let bold = Result { () throws(FigureError) in try Typeface(file: "DejaVuSans-Bold.ttf") }

  /// Where Debian, Fedora and Arch keep DejaVu.
  private static let folders = [
    "/usr/share/fonts/truetype/dejavu", "/usr/share/fonts/dejavu-sans-fonts", "/usr/share/fonts/TTF", "/usr/local/share/fonts",
  ]

  // cairo guards a font face by a lock of its own; FreeType's library is used by this face alone.
  nonisolated(unsafe) let face: OpaquePointer

  private init(file: String) throws(FigureError) {
    guard let folder = Self.folders.first(where: { access("\($0)/\(file)", R_OK) == 0 }) else {
      throw .missingFont(file: file, searched: Self.folders)
    }
    var library: FT_Library?
    var font: FT_Face?
    guard FT_Init_FreeType(&library) == 0, FT_New_Face(library, "\(folder)/\(file)", 0, &font) == 0 else {
      throw .libraryFailed(operation: "read the font \(folder)/\(file)", message: "FreeType does not take it")
    }
    guard let face = cairo_ft_font_face_create_for_ft_face(font, Int32(FT_LOAD_NO_HINTING | FT_LOAD_NO_AUTOHINT)) else {
      throw .libraryFailed(operation: "use the font \(folder)/\(file)", message: "cairo does not take it")
    }
    self.face = face
  }
}
