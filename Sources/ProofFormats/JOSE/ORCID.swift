/// ORCID iDs in their bare form, `0000-0002-1825-0097`.
public enum ORCID {
  /// Whether the form and the check character are correct (ISO 7064 MOD 11-2).
  public static func isValid(_ id: String) -> Bool {
    let characters = Array(id.utf8)
    guard characters.count == 19 else { return false }
    var total = 0
    for (index, character) in characters.enumerated() {
      if [4, 9, 14].contains(index) {
        guard character == UInt8(ascii: "-") else { return false }
      } else if index == 18 {
        let check = (12 - total % 11) % 11
        return character == (check == 10 ? UInt8(ascii: "X") : 0x30 + UInt8(check))
      } else {
        guard character >= 0x30, character <= 0x39 else { return false }
        total = (total + Int(character - 0x30)) * 2
      }
    }
    return false
  }
}
