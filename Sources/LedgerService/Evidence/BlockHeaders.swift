import Encodings
import Foundation
import LedgerDomain
import LedgerStore
import Logging
import ProofFormats
import ProofVerification
import SafeHTTPClient

/// Reads Bitcoin block headers: trusted ones from the store, others from the configured explorer or node.
final class BlockHeaders: Sendable {
  /// The treatment of headers that are not trusted yet.
  enum Missing: Sendable {
    /// They are not fetched.
    case ignored
    /// They are fetched for this check.
    case fetched
    /// They are fetched and trusted permanently.
    case fetchedAndTrusted
  }

  let store: LedgerStore
  let fetch: SafeHTTPClient
  let configuration: LedgerConfiguration
  let logger: Logger

  init(
    store: LedgerStore, fetch: SafeHTTPClient, configuration: LedgerConfiguration, logger: Logger
  ) {
    self.store = store
    self.fetch = fetch
    self.configuration = configuration
    self.logger = logger
  }

  /// An upper bound of the height of the Bitcoin chain: one block every nine minutes after the highest
  /// trusted header, or after the first block. The chain's target is one in ten minutes.
  func maxHeight() async throws -> Int64 {
    var (height, time): (Int64, Int64) = (0, 1_231_006_505)
    if let highest = try await store.trust.headerRange().heights?.upperBound,
      let bytes = try await store.trust.headers(at: [highest])[highest],
      let header = try? BitcoinHeader(bytes)
    {
      // The bound keeps the sum below within 64 bits, whatever header an operator trusts.
      (height, time) = (min(highest, 1 << 40), header.time)
    }
    let elapsed = max(0, configuration.clock().microseconds / 1_000_000 - time)
    return height + elapsed / 540 + 144
  }

  /// The headers of some heights. Heights without an available header are left out.
  func headers(
    _ heights: [Int64], _ missing: Missing
  ) async throws -> [Int64: BitcoinHeader] {
    var headers: [Int64: BitcoinHeader] = [:]
    for (height, bytes) in try await store.trust.headers(at: heights) {
      headers[height] = try? BitcoinHeader(bytes)
    }
    guard missing != .ignored,
      configuration.externalServices.esploraURL ?? configuration.externalServices.bitcoinCoreURL
        != nil
    else { return headers }
    let highest = try await maxHeight()
    let missingHeights = Set(heights).filter { headers[$0] == nil && $0 <= highest }
    for height in missingHeights.sorted().prefix(4) {
      do {
        let header = try await header(at: height)
        // A header that contradicts a trusted one is not used.
        var neighbours = [height: header]
        for (other, bytes) in try await store.trust.headers(at: [height - 1, height + 1]) {
          neighbours[other] = try? BitcoinHeader(bytes)
        }
        try BitcoinHeader.checkLinks(neighbours)
        if missing == .fetchedAndTrusted, !configuration.isReadOnly {
          try await store.trust.addFetchedHeader(header.bytes, at: height)
        }
        headers[height] = header
      } catch {
        // The anchor stays pending without the header.
        logger.warning("no header \(height) from the explorer or node: \(error)")
      }
    }
    return headers
  }

  /// The header of a height, from Esplora's API or Bitcoin Core's REST interface.
  ///
  /// Errors: a `ProofFormatError` if the block has too few confirmations or the answer is not its header.
  private func header(at height: Int64) async throws -> BitcoinHeader {
    func bytes(_ url: String, maxResponseBytes size: Int = 200) async throws -> [UInt8] {
      var request = SafeHTTPClient.Request(url, .headers)
      request.maxResponseBytes = size
      request.followsRedirects = false
      let question = request
      return try await FetchClient.$current.withValue(nil) { try await fetch.fetch(question).bytes }
    }
    func text(_ url: String) async throws -> String {
      String(decoding: try await bytes(url).filter { $0 > 0x20 }, as: UTF8.self)
    }
    let services = configuration.externalServices
    let tip: Int64?
    let hash: String
    let address: String
    if let explorer = services.esploraURL {
      tip = Int64(try await text("\(explorer)/blocks/tip/height"))
      hash = try await text("\(explorer)/block-height/\(height)")
      address = "\(explorer)/block/\(hash)/header"
    } else {
      let node = services.bitcoinCoreURL ?? ""
      // The difficulty is not an integer, which canonical JSON does not allow.
      struct ChainInfo: Decodable { let blocks: Int64 }
      let info = try await bytes("\(node)/rest/chaininfo.json", maxResponseBytes: 65_536)
      tip = try JSONDecoder().decode(ChainInfo.self, from: Data(info)).blocks
      hash = try await text("\(node)/rest/blockhashbyheight/\(height).hex")
      address = "\(node)/rest/headers/1/\(hash).hex"
    }
    guard let tip, tip >= height, tip - height >= services.headerConfirmations - 1 else {
      throw ProofFormatError(
        "header.depth", "The block has fewer than \(services.headerConfirmations) confirmations.")
    }
    guard hash.utf8.count == 64, Hex.decode(hash) != nil,
      let bytes = Hex.decode(try await text(address))
    else { throw ProofFormatError("header.form", "The answer is not a block header.") }
    let header = try BitcoinHeader(bytes)
    guard Hex.encode(header.hash.reversed()) == hash else {
      throw ProofFormatError("header.hash", "The answer is the header of another block.")
    }
    return header
  }
}
