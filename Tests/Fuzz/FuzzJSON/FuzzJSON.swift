import CanonicalJSON
import FuzzDriver

/// Whatever is parsed has one canonical form, which parses to the same value; whatever is refused is
/// refused at a byte of the text.
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
