import LedgerDomain

/// What a name under which a setting is given means: a setting, an earlier name, or nothing.
enum SettingNames {
  /// Variables with the prefix that scripts and tests of the project read. They are no settings.
  static let ofScripts: Set<String> = [
    "API_REQUESTS", "BENCH_ALLOCATIONS", "CHAOS_LOG", "CHAOS_PROGRAM", "COMMIT", "EVERY_CHANGE",
    "FUZZ",
    "WRITE_GOLDEN", "WRITE_SCHEMA", "WRITE_SETTINGS",
  ]

  /// Whether Kubernetes or Docker set the variable for a service called `pithledger`.
  static func isServiceLink(_ name: String, _ value: String) -> Bool {
    if name.hasPrefix("PORT"), value.hasPrefix("tcp://") || value.hasPrefix("udp://") {
      return true
    }
    return name == "SERVICE_HOST" || name.hasPrefix("SERVICE_PORT") || name.hasPrefix("PORT_")
  }

  /// Why a name is refused; `nil` if it is the name of a setting.
  ///
  /// - Parameters:
  ///   - name: the name without prefix, in capitals.
  ///   - spelled: how a name is written where this one was given.
  static func fault(of name: String, spelled: (String) -> String) -> String? {
    if SettingsTable.setting(named: name) != nil { return nil }
    if let new = RenamedSettings.newNames.first(where: { $0.key == name })?.value {
      return "This setting is now called \(spelled(new)). Its meaning is the same."
    }
    if let advice = RenamedSettings.removed[name] { return advice }
    let near = nearest(to: name).map { " Did you mean \(spelled($0))?" } ?? ""
    return "There is no such setting.\(near) `pithledger config list` lists them."
  }

  /// The setting whose name is most like a text; `nil` if none is.
  static func nearest(to name: String) -> String? {
    guard name.utf8.count <= 64 else { return nil }
    let candidates = SettingsTable.settings.map {
      (name: $0.name, distance: distance(Array(name.utf8), Array($0.name.utf8)))
    }
    let best = candidates.min { $0.distance < $1.distance }
    return best.flatMap { $0.distance <= max(2, name.utf8.count / 4) ? $0.name : nil }
  }

  /// The number of characters to insert, delete or replace to make one text of the other.
  private static func distance(_ a: [UInt8], _ b: [UInt8]) -> Int {
    var row = Array(0...b.count)
    for (i, x) in a.enumerated() {
      var diagonal = row[0]
      row[0] = i + 1
      for (j, y) in b.enumerated() {
        let above = row[j + 1]
        row[j + 1] = min(above + 1, row[j] + 1, diagonal + (x == y ? 0 : 1))
        diagonal = above
      }
    }
    return row[b.count]
  }
}
