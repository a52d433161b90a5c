import Foundation
import ProofFormats

extension SafeHTTPClient {
  /// An http or https address that every part of the program reads in the same way.
  public struct Target: Sendable, Equatable {
    let address: WebAddress

    /// Parses an address.
    ///
    /// Errors: `fetch.address`.
    public init(_ text: String) throws(FetchError) {
      do throws(WebAddress.Fault) { try self.init(WebAddress(text)) } catch {
        throw FetchError(.address, error.message)
      }
    }

    private init(_ address: WebAddress) throws(WebAddress.Fault) {
      self.address = address
      // AsyncHTTPClient parses the text again with Foundation. Both must agree on the host.
      guard let url = URL(string: "\(address)"), url.host() == address.bareHost,
        url.port == address.explicitPort, url.scheme == address.scheme
      else { throw WebAddress.Fault("The address can be read in more than one way.") }
    }

    /// Resolves the reference of a `Location` field against this address.
    func redirected(to reference: String) throws(FetchError) -> Target {
      do throws(WebAddress.Fault) { return try Target(address.resolving(reference)) } catch {
        throw FetchError(
          .address, "It redirects to an address that is not fetched. \(error.message)")
      }
    }

    /// The address as text, with its host in lower case.
    public var url: String { "\(address)" }
    /// The host as the address has it: a name, or a literal in brackets.
    var host: String { address.host }
    /// The host without brackets.
    var bare: String { address.bareHost }
  }
}
