import Encodings
import HTTPTypes
public import Hummingbird
import LedgerDomain
import LedgerService
import Logging
import NIOCore
import SafeHTTPClient

/// Determines who sends a request, and checks its site (section 4 of the design).
final class Callers: Sendable {
  private let configuration: LedgerConfiguration
  /// Hosts that are the ledger's own, in lower case and without ports.
  private let ownHosts: Set<String>
  private let publicOrigin: String?

  init(_ configuration: LedgerConfiguration, listensOn host: String?) {
    self.configuration = configuration
    publicOrigin = configuration.publicURL.flatMap(Self.origin)
    var hosts: Set<String> = ["localhost"]
    for name in configuration.server.allowedHosts {
      hosts.insert(Authority(name)?.host ?? name)
    }
    for name in [host, publicOrigin?.split(separator: "/").last.map(String.init)] {
      if let name, let authority = Authority(name) { hosts.insert(authority.host) }
    }
    if let host { hosts.insert(host.lowercased()) }
    ownHosts = hosts
  }

  /// Returns the client whose limits apply to a request.
  func client(_ headers: HTTPFields, _ peer: Peer) -> ClientID {
    let address: NetworkAddress?
    switch peer {
    case .operatorSocket: return .shell
    case .process: return ClientID("agent")
    case .network(let peer): address = peer
    }
    guard let address else { return ClientID("unknown") }
    return ClientID(origin(of: headers, at: address))
  }

  /// Returns the client's address according to trusted proxies: from the right, the first that is not a proxy's.
  private func origin(of headers: HTTPFields, at peer: NetworkAddress) -> NetworkAddress {
    guard let name = HTTPField.Name("X-Forwarded-For") else { return peer }
    var forwarded = headers[values: name].flatMap {
      $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    }
    var address = peer
    while configuration.server.trustedProxies.contains(where: { $0.contains(address) }),
      let last = forwarded.popLast(), let before = Self.address(last)
    {
      address = before
    }
    return address
  }

  /// An address as proxies write it: bare, in brackets, or with a port.
  static func address(_ text: String) -> NetworkAddress? {
    let text = String(text.filter { $0 != " " && $0 != "\t" && $0 != "\"" })
    if let address = NetworkAddress(text) { return address }
    return Authority(text).flatMap { NetworkAddress($0.host) }
  }

  /// Whether the caller is the operator. The operator uses the Unix socket, or sends the operator's token.
  func isOperator(_ headers: HTTPFields, _ peer: Peer) throws -> Bool {
    if case .operatorSocket = peer { return true }
    guard let header = headers[.authorization], header.lowercased().hasPrefix("bearer "),
      let token = try configuration.operatorToken()
    else { return false }
    return Self.areEqual(
      Digest(hashing: Array(header.dropFirst(7).utf8)), Digest(hashing: Array(token.utf8)))
  }

  /// Compares in a time that does not depend on where the values differ.
  private static func areEqual(_ a: Digest, _ b: Digest) -> Bool {
    zip(a.bytes, b.bytes).reduce(0) { $0 | ($1.0 ^ $1.1) } == 0
  }

  /// Refuses requests that a web page of another site could make a browser send.
  ///
  /// Errors: `forbidden` with the check `host`, `origin` or `fetch_site`.
  func checkSite(_ request: HTTPRequest, _ peer: Peer, localAddress: String?) throws(Refusal) {
    // No browser reaches the Unix socket or the inside of this process.
    guard case .network = peer else { return }
    guard let authority = request.authority.flatMap({ Authority($0) }),
      isOwn(authority, localAddress)
    else {
      throw Refusal(
        .forbidden, check: "host", field: "Host",
        "This ledger does not write for the host \(request.authority ?? "(none)"). The operator names its "
          + "hosts in PITHLEDGER_ALLOWED_HOSTS, or its address in PITHLEDGER_PUBLIC_URL.")
    }
    let origins = HTTPField.Name("Origin").map { request.headerFields[values: $0] } ?? []
    guard origins.allSatisfy({ isOwn(origin: $0, authority) }) else {
      throw Refusal(
        .forbidden, check: "origin", field: "Origin",
        "Another site's page may not write here: send the request from a program, or from the ledger's own page."
      )
    }
    let sites = HTTPField.Name("Sec-Fetch-Site").map { request.headerFields[values: $0] } ?? []
    guard sites.allSatisfy({ $0 == "same-origin" || $0 == "none" }) else {
      throw Refusal(
        .forbidden, check: "fetch_site", field: "Sec-Fetch-Site",
        "A browser sent this for another site's page, which may not write here.")
    }
  }

  private func isOwn(_ authority: Authority, _ localAddress: String?) -> Bool {
    if ownHosts.contains(authority.host) { return true }
    guard let address = NetworkAddress(authority.host) else { return false }
    return address.isLoopback
      || localAddress.flatMap { NetworkAddress($0) }?.unmapped == address.unmapped
  }

  private func isOwn(origin: String, _ authority: Authority) -> Bool {
    let origin = origin.lowercased()
    if origin == publicOrigin { return true }
    for (scheme, port) in [("http://", UInt16(80)), ("https://", 443)]
    where origin.hasPrefix(scheme) {
      guard let other = Authority(String(origin.dropFirst(scheme.count))) else { return false }
      return other.host == authority.host && (other.port ?? port) == (authority.port ?? port)
    }
    return false
  }

  /// Scheme, host and port of a URL, as browsers write an origin.
  private static func origin(_ url: String) -> String? {
    let parts = url.lowercased().split(
      separator: "/", maxSplits: 3, omittingEmptySubsequences: false)
    guard parts.count >= 3, parts[1].isEmpty, parts[0] == "http:" || parts[0] == "https:" else {
      return nil
    }
    var authority = parts[2]
    let standard = parts[0] == "http:" ? ":80" : ":443"
    if authority.hasSuffix(standard) { authority.removeLast(standard.count) }
    return "\(parts[0])//\(authority)"
  }
}

/// The other end of a connection.
enum Peer: Sendable {
  case network(NetworkAddress?)
  /// A process of the ledger's user or of root, over the Unix socket.
  case operatorSocket
  /// A part of this program that acts for somebody who is not the operator.
  case process
}

/// A request with the connection it came over.
public struct LedgerRequestContext: RequestContext {
  public var coreContext: CoreRequestContextStorage
  let peer: Peer
  /// The address of this machine that the client connected to.
  let localAddress: String?
  /// The query parameters that the route takes, set before its handler runs.
  var query = Query()
  /// The media types of the body that the route takes, set before its handler runs.
  var bodyTypes: [RequestReader.MediaType] = []
  /// The identifier of the request, in the log, in the answer and in its problem document.
  var requestID = ""
  /// The same, also for code that knows contexts in general.
  public var id: String { requestID }

  public init(source: ApplicationRequestContextSource) {
    coreContext = .init(source: source)
    let channel = source.channel
    if case .unixDomainSocket = channel.localAddress {
      peer = .operatorSocket
      localAddress = nil
    } else {
      peer = .network(channel.remoteAddress?.ipAddress.flatMap { NetworkAddress($0) })
      localAddress = channel.localAddress?.ipAddress
    }
  }

  /// The context of a request that came over no connection.
  init(inProcess logger: Logger) {
    struct Source: RequestContextSource {
      let logger: Logger
    }
    coreContext = .init(source: Source(logger: logger))
    peer = .process
    localAddress = nil
  }
}
