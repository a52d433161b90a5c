import CanonicalJSON
public import LedgerDomain
public import LedgerService
public import LedgerStore
import RecordFormats

/// Writes messages to webhooks as CloudEvents, in structured mode.
public struct WebhookCloudEvents: WebhookFormat {
  private let origin: String
  private let links: Links

  /// Makes the format of a ledger. Links begin with its public address, or with their path if it has none.
  public init(_ ledger: Ledger) {
    origin = ledger.origin
    links = Links(ledger.configuration)
  }

  /// One event as `application/cloudevents+json`.
  public func event(_ event: StoredEvent) throws -> WebhookBody {
    WebhookBody(mediaType: CloudEvent.mediaType, bytes: try json(event).canonicalBytes())
  }

  /// Several events as `application/cloudevents-batch+json`.
  public func batch(_ events: [StoredEvent]) throws -> WebhookBody {
    WebhookBody(
      mediaType: CloudEvent.batchMediaType,
      bytes: JSON.array(try events.map(json)).canonicalBytes())
  }

  private func json(_ event: StoredEvent) throws -> JSON {
    CloudEvent(try event.json(), origin: origin, links: links).json
  }

  /// A CloudEvent of the type `science.pith.ledger.webhook_ping`.
  public func ping(_ messageID: String, webhook: String, at time: Timestamp) -> WebhookBody {
    WebhookBody(
      mediaType: CloudEvent.mediaType,
      bytes: CloudEvent(ping: messageID, webhook: webhook, at: time, origin: origin).json
        .canonicalBytes())
  }
}
