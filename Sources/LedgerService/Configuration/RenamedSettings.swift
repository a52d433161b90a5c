/// Settings that have a new name, or that no longer exist. The old name is refused.
enum RenamedSettings {
  /// Old names and new names, without the prefix.
  static let newNames: KeyValuePairs = [
    "ANCHOR_SECONDS": "ANCHOR_INTERVAL_SECONDS",
    "CALENDARS": "OTS_CALENDARS",
    "CHECKPOINT_SECONDS": "CHECKPOINT_INTERVAL_SECONDS",
    "HEADER_DEPTH": "HEADER_CONFIRMATIONS",
    "STAMP_AUTHORITIES": "CHECKPOINT_TIMESTAMP_AUTHORITIES",
    "STAMP_CALENDARS": "CHECKPOINT_TIMESTAMP_CALENDARS",
    "STAMP_SECONDS": "CHECKPOINT_TIMESTAMP_INTERVAL_SECONDS",
    "STORAGE_SECONDS": "STORAGE_INTERVAL_SECONDS",
  ]

  /// Names of settings that were removed, and what to do instead.
  static let removed = [
    "TRUSTED_PROXY":
      "This setting was removed. Name the proxies' addresses in PITHLEDGER_TRUSTED_PROXIES, as in "
      + "127.0.0.1,10.0.0.0/8."
  ]
}
