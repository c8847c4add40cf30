import Artifacts
import StageKit
import Testing

struct SettingTests {
  @Test func valuesDecodeByType() {
    #expect(Int.decode(5) == 5 && Int.decode(.number(5)) == 5 && Int.decode(.number(5.5)) == nil)
    #expect([Int].decode([1, 2]) == [1, 2] && [Int].decode([1, "x"]) == nil)
    #expect(Double.decode(5) == 5 && Bool.decode(true) == true && String.decode("a") == "a")
    #expect([Double].typeName == "array of number")
  }
}
