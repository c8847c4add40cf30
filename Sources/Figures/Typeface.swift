import CCairo
import CDejaVu
import Foundation

/// A font read by FreeType from this program's own bytes.
///
/// It does not come from fontconfig, whose answer depends on the user's settings and on what else is installed, nor from a file of the
/// system, which no action key would count; and it is drawn without hinting. So equal texts are equal pixels.
final class Typeface: Sendable {
  /// DejaVu Sans.
  static let regular = Result { () throws(FigureError) in try Typeface("DejaVu Sans", dejavu_sans) }
  /// DejaVu Sans Bold.
  static let bold = Result { () throws(FigureError) in try Typeface("DejaVu Sans Bold", dejavu_sans_bold) }

  // cairo guards a font face by a lock of its own; FreeType's library is used by this face alone.
  nonisolated(unsafe) let face: OpaquePointer
  /// The code points that the font has.
  private let characters: Set<UInt32>

  private init(_ name: String, _ file: (UnsafeMutablePointer<Int>) -> UnsafePointer<UInt8>?) throws(FigureError) {
    var size = 0
    let bytes = file(&size)
    var library: FT_Library?
    var font: FT_Face?
    guard FT_Init_FreeType(&library) == 0, FT_New_Memory_Face(library, bytes, size, 0, &font) == 0, let font else {
      throw .libraryFailed(operation: "read the font \(name)", message: "FreeType does not take it")
    }
    guard let face = cairo_ft_font_face_create_for_ft_face(font, Int32(FT_LOAD_NO_HINTING | FT_LOAD_NO_AUTOHINT)) else {
      throw .libraryFailed(operation: "use the font \(name)", message: "cairo does not take it")
    }
    self.face = face
    var characters: Set<UInt32> = []
    var glyph: FT_UInt = 0
    var code = FT_Get_First_Char(font, &glyph)
    while glyph != 0 {
      characters.insert(UInt32(code))
      code = FT_Get_Next_Char(font, code, &glyph)
    }
    self.characters = characters
  }

  /// Stands for a character that cannot be set.
  static let substitute: Character = "□"

  /// A text as this font can set it, on one line: a line break or another control character is a blank, invisible format characters are
  /// gone, and a character the font does not have, or one of a script that runs from right to left, is `substitute`.
  func settable(_ text: String) -> String {
    var result = ""
    for character in text.precomposedStringWithCanonicalMapping {
      let visible = character.unicodeScalars.filter { !Self.isInvisible($0) }
      if character.unicodeScalars.allSatisfy({ Self.isBlank($0) }) {
        result.append(" ")
      } else if visible.contains(where: { Self.isRightToLeft($0) || !characters.contains($0.value) }) {
        result.append(Self.substitute)
      } else {
        result.unicodeScalars.append(contentsOf: visible)
      }
    }
    return result
  }

  private static func isBlank(_ scalar: Unicode.Scalar) -> Bool {
    [.control, .lineSeparator, .paragraphSeparator, .spaceSeparator].contains(scalar.properties.generalCategory)
  }

  private static func isInvisible(_ scalar: Unicode.Scalar) -> Bool {
    scalar.properties.generalCategory == .format || scalar.properties.isVariationSelector || scalar.properties.isDefaultIgnorableCodePoint
  }

  /// Hebrew, Arabic and their like: their letters would have to be joined and set in the other direction.
  private static func isRightToLeft(_ scalar: Unicode.Scalar) -> Bool {
    [0x590...0x8ff, 0xfb1d...0xfdff, 0xfe70...0xfeff, 0x10800...0x10fff, 0x1e800...0x1efff].contains { $0.contains(scalar.value) }
  }
}
