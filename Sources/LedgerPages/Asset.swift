import Encodings

/// A file that pages load: a style sheet or a module of JavaScript.
public struct Asset: Sendable {
  /// The file's name.
  public let name: String
  /// The media type.
  public let type: String
  /// The contents.
  public let bytes: [UInt8]

  private init(_ name: String, _ bytes: [UInt8]) {
    self.name = name
    self.bytes = bytes
    type =
      name.hasSuffix(".css")
      ? "text/css; charset=utf-8"
      : name.hasSuffix(".svg") ? "image/svg+xml" : "text/javascript; charset=utf-8"
  }

  /// Every file.
  public static let all: [Asset] = [
    Asset("latest-events.js", PackageResources.latest_events_js),
    Asset("encoding.js", PackageResources.encoding_js),
    Asset("canonical-json.js", PackageResources.canonical_json_js),
    Asset("sha256.js", PackageResources.sha256_js),
    Asset("hashing.js", PackageResources.hashing_js),
    Asset("dom.js", PackageResources.dom_js), Asset("http.js", PackageResources.http_js),
    Asset("check.js", PackageResources.check_js), Asset("bundle.js", PackageResources.bundle_js),
    Asset("style.css", PackageResources.style_css), Asset("icon.svg", PackageResources.icon_svg),
  ]

  /// Identifies the contents of all files together. Each version has addresses of its own, which any cache may keep.
  public static let version = String(
    Digest(hashing: all.flatMap { Array($0.name.utf8) + [0] + $0.bytes }).hex.prefix(16))

  /// The folder of the files' addresses.
  public static let folder = "/assets/\(version)"

  /// The file at an address below ``folder``.
  public static func named(_ name: String) -> Asset? { all.first { $0.name == name } }
}
