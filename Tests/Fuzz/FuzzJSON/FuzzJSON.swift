import CanonicalJSON
import FuzzDriver

/// Parsed text has one canonical form, which parses to the same value. A refusal names an offset within
/// the text.
@main enum FuzzJSON {
  static func main() {
    fuzz { bytes in
      do throws(JSONError) {
        let value = try JSON.parse(bytes)
        let canonical = value.canonicalBytes()
        let again = try JSON.parse(canonical)
        precondition(again == value && again.canonicalBytes() == canonical)
      } catch {
        precondition((0...bytes.count).contains(error.offset))
      }
    }
  }
}
