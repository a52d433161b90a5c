import Testing
import TransparencyLog

@Suite("Sizes of trees")
struct TreeSizeTests {
  @Test("A tree of n leaves covers the leaves 0 to n - 1")
  func coverage() {
    let size: TreeSize = 3
    #expect(size.covers(leaf: 0) && size.covers(leaf: 2) && !size.covers(leaf: 3))
    #expect(TreeSize.zero.isEmpty && !TreeSize.zero.covers(leaf: 0))
    #expect(TreeSize.zero < size && !size.isEmpty)
  }

  @Test("The storage form is a signed integer, which a negative or larger number is clamped to")
  func storageForm() {
    #expect(TreeSize(stored: 7) == 7 && TreeSize(stored: -1) == .zero)
    #expect(TreeSize(rawValue: 7).stored == 7 && TreeSize(rawValue: .max).stored == .max)
    #expect(TreeSize.zero.next == 1 && TreeSize.zero.advanced(by: 300) == 300)
    #expect(TreeSize(rawValue: 7).advanced(by: -2) == 5)
  }

  @Test("A size has one text form")
  func spelling() {
    for text in ["0", "1", "256", "18446744073709551615"] {
      #expect(TreeSize(text).map { "\($0)" } == text)
    }
    for text in ["", "-1", "+1", "01", " 1", "1 ", "1.0", "18446744073709551616", "٣"] {
      #expect(TreeSize(text) == nil, "\(text)")
    }
  }
}
