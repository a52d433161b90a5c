/// How lines of the log are written.
public enum LogFormat: String, Sendable {
  /// Readable lines: time, level, message, then `key=value`.
  case text
  /// One JSON object in each line.
  case json
}
