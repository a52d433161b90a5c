public import CanonicalJSON
import Foundation
public import LedgerDomain

/// An event of the log as a CloudEvent (CloudEvents 1.0.2, and its JSON event format).
///
/// `id` and `source` together are unique: `id` is the event's id, and `source` names the log. `sequence` is the position
/// (CloudEvents extension Sequence), in sixteen digits, so that texts are in the order of positions.
public struct CloudEvent: Sendable {
  /// The attributes and the data.
  public let json: JSON

  /// The media type of a CloudEvent in JSON.
  public static let mediaType = "application/cloudevents+json"

  /// The media type of an array of CloudEvents in JSON.
  public static let batchMediaType = "application/cloudevents-batch+json"

  /// A message that tests a webhook.
  ///
  /// - Parameters:
  ///   - messageID: the identifier of the message.
  ///   - webhook: the identifier of the webhook.
  ///   - time: when it was made.
  ///   - origin: the log's name.
  public init(ping messageID: String, webhook: String, at time: Timestamp, origin: String) {
    json = [
      "data": ["webhook": .string(webhook)], "datacontenttype": "application/json",
      "id": .string(messageID), "source": .string(Self.source(origin: origin)),
      "specversion": "1.0", "time": .string(time.description),
      "type": "science.pith.ledger.webhook_ping",
    ]
  }

  /// Wraps an event.
  ///
  /// - Parameters:
  ///   - event: the event as the interface gives it, with `position` and `recorded_at`.
  ///   - origin: the log's name.
  ///   - links: for the address of the schema.
  public init(_ event: JSON, origin: String, links: Links) {
    let position = String(event["position"]?.integerValue ?? 0)
    json = [
      "data": event, "datacontenttype": "application/json",
      "dataschema": .string("\(links.home)schemas/event.json"),
      "id": event["event_id"] ?? .null,
      "sequence": .string(String(repeating: "0", count: max(0, 16 - position.count)) + position),
      "source": .string(Self.source(origin: origin)), "specversion": "1.0",
      "subject": event["subject_pith_number"] ?? .null, "time": event["recorded_at"] ?? .null,
      "type": .string("science.pith.ledger.\(event["event_type"]?.stringValue ?? "")"),
    ]
  }

  /// The URI that names a log.
  static func source(origin: String) -> String {
    let name = origin.addingPercentEncoding(
      withAllowedCharacters: CharacterSet(
        charactersIn: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/"))
    return "urn:pithledger:log:\(name ?? "")"
  }
}
