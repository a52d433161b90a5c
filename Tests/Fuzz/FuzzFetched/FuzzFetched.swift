import FuzzDriver
import ProofFormats
import ProofVerification
import SafeHTTPClient

/// Answers of foreign servers do not crash their parsers: header fields, redirects and block headers. An
/// accepted address has one spelling, which is accepted too.
@main enum FuzzFetched {
  static func main() {
    fuzz { bytes in
      let fields = bytes.split(separator: 0x0A).map { line in
        let parts = line.split(separator: 0x3A, maxSplits: 1, omittingEmptySubsequences: false)
          .map { String(decoding: $0, as: UTF8.self) }
        return (parts[0], parts.count > 1 ? parts[1] : "")
      }
      let head = FetchedHead(fields)
      precondition((head.length ?? 0) >= 0)
      precondition(head.mediaType?.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F } ?? true)
      let text = String(decoding: bytes, as: UTF8.self)
      if let target = try? SafeHTTPClient.Target(text) {
        guard let again = try? SafeHTTPClient.Target(target.url) else {
          preconditionFailure("what was written is no address")
        }
        precondition(again == target)
      }
      // A base address and the value of a `Location` field. The result must be valid for the network
      // library.
      let lines = text.split(separator: "\n", maxSplits: 1, omittingEmptySubsequences: false)
      for base in [lines.first.map(String.init) ?? "", "https://example.com:8443/a/b?c"] {
        guard let base = try? WebAddress(base) else { continue }
        let reference = lines.count > 1 ? String(lines[1]) : text
        guard let next = try? base.resolving(reference) else { continue }
        precondition((1...65_535).contains(next.port) && !next.host.isEmpty)
        precondition("\(next)".utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F })
        guard let again = try? WebAddress("\(next)"), again == next else {
          preconditionFailure("where a redirect leads is no address")
        }
      }
      if !WebAddress.mayEscape(text) {
        precondition(!text.split(separator: "/").contains(".."))
      }
      if let address = NetworkAddress(text) {
        precondition(NetworkAddress("\(address)") == address)
      }
      if let headers = try? BitcoinHeader.lines(bytes) {
        precondition(headers.values.allSatisfy { $0.bytes.count == 80 })
      }
    }
  }
}
