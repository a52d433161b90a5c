import HTTPTypes
import Hummingbird
import LedgerService

/// Tells a client what is left of the quotas that its request used, whether it was answered or refused
/// (draft-ietf-httpapi-ratelimit-headers).
///
/// The name of a policy is the check that a refusal names.
struct RateLimitMiddleware: RouterMiddleware {
  func handle(
    _ request: Request, context: LedgerRequestContext,
    next: @concurrent (Request, LedgerRequestContext) async throws -> Response
  ) async throws -> Response {
    let use = QuotaUse()
    var response = try await QuotaUse.$current.withValue(use) {
      try await next(request, context)
    }
    let quotas = use.quotas
    guard !quotas.isEmpty else { return response }
    response.headers[.rateLimitPolicy] = quotas.map(Self.policy).joined(separator: ", ")
    response.headers[.rateLimit] = quotas.map(Self.state).joined(separator: ", ")
    return response
  }

  private static func policy(_ quota: QuotaUse.Quota) -> String {
    let unit = quota.unit == .bytes ? ";qu=\"content-bytes\"" : ""
    return "\"\(quota.check)\";q=\(quota.limit)\(unit);w=3600"
  }

  private static func state(_ quota: QuotaUse.Quota) -> String {
    "\"\(quota.check)\";r=\(quota.left);t=\(quota.secondsToFull)"
  }
}
