import Artifacts
import Testing
import Workflow

/// The digest of a program's code, on ELF files made byte by byte.
struct ProgramDigestTests {
  private struct Section {
    let name: String
    let content: [UInt8]
    /// SHF_ALLOC is 2; sections without it are not loaded.
    var flags = 2
    /// SHT_PROGBITS is 1, SHT_NOBITS 8.
    var type = 1
  }

  /// A 64-bit little-endian ELF file of these sections and a name table.
  private func elf(_ sections: [Section]) -> [UInt8] {
    func number(_ value: Int, _ size: Int) -> [UInt8] {
      var bytes: [UInt8] = []
      for place in 0..<size { bytes.append(UInt8(truncatingIfNeeded: value >> (8 * place))) }
      return bytes
    }
    let all = sections + [Section(name: ".shstrtab", content: [], flags: 0, type: 3)]
    var names: [UInt8] = []
    for section in all { names += Array(section.name.utf8) + [0] }
    var body: [UInt8] = []
    var headers: [UInt8] = []
    var nameAt = 0
    for section in all {
      let content = section.name == ".shstrtab" ? names : section.content
      headers += number(nameAt, 4)
      headers += number(section.type, 4)
      headers += number(section.flags, 8)
      headers += number(0, 8)
      headers += number(64 + body.count, 8)
      headers += number(content.count, 8)
      headers += [UInt8](repeating: 0, count: 24)
      nameAt += section.name.utf8.count + 1
      if section.type != 8 { body += content }
    }
    var header: [UInt8] = [0x7F, 0x45, 0x4C, 0x46, 2, 1, 1] + [UInt8](repeating: 0, count: 33)
    header += number(64 + body.count, 8) + [UInt8](repeating: 0, count: 10)
    header += number(64, 2) + number(all.count, 2) + number(all.count - 1, 2)
    return header + body + headers
  }

  private let text = Section(name: ".text", content: [1, 2, 3])

  @Test func loadedSectionsCount() {
    let digest = ProgramDigest.of(elf: elf([text]))
    #expect(digest != nil)
    #expect(ProgramDigest.of(elf: elf([text])) == digest)
    #expect(ProgramDigest.of(elf: elf([Section(name: ".text", content: [1, 2, 4])])) != digest)
    #expect(ProgramDigest.of(elf: elf([Section(name: ".data", content: [1, 2, 3])])) != digest)
    #expect(ProgramDigest.of(elf: elf([text, Section(name: ".data", content: [])])) != digest)
    let bss = Section(name: ".bss", content: [0, 0], type: 8)
    #expect(ProgramDigest.of(elf: elf([text, bss])) != digest)
    #expect(ProgramDigest.of(elf: elf([text, bss])) != ProgramDigest.of(elf: elf([text, Section(name: ".bss", content: [0], type: 8)])))
  }

  @Test(arguments: [".swift_modhash", ".note.gnu.build-id"])
  func sectionsThatSayWhereItWasBuiltDoNotCount(_ name: String) {
    let here = elf([text, Section(name: name, content: [1, 1])])
    let there = elf([text, Section(name: name, content: [2, 2])])
    #expect(here != there)
    #expect(ProgramDigest.of(elf: here) == ProgramDigest.of(elf: there))
  }

  @Test(arguments: [".debug_line", ".gnu_debuglink", ".comment"])
  func sectionsThatAreNotLoadedDoNotCount(_ name: String) {
    let debug = elf([text, Section(name: name, content: Array("/home/somebody/project".utf8), flags: 0)])
    #expect(ProgramDigest.of(elf: debug) == ProgramDigest.of(elf: elf([text])))
  }

  /// Every prefix of a file, and every file with one byte changed, has a digest or none; nothing traps.
  @Test func damagedFilesAreNoELF() {
    let whole = elf([text, Section(name: ".data", content: [9])])
    for length in 0..<whole.count { #expect(ProgramDigest.of(elf: Array(whole[..<length])) == nil) }
    for at in whole.indices {
      var damaged = whole
      damaged[at] ^= 0xFF
      _ = ProgramDigest.of(elf: damaged)
    }
    #expect(ProgramDigest.of(elf: Array("#!/bin/sh\nexit 0\n".utf8)) == nil)
  }
}
