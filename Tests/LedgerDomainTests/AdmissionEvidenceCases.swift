import CanonicalJSON
import Encodings
import LedgerDomain

extension AdmissionTests {
  static let anchors: [Case] = [
    Case("a checkpoint that was not signed", .checkpoint, "target") {
      let proof = ots($0.record.digest)
      return try anchor($0, proof, by: $0.registry, target: "checkpoint:5")
    },
    Case("a checkpoint's anchor by an author", .authority, "signer", code: .forbidden) {
      try anchor($0, ots($0.record.digest), target: "checkpoint:5")
    },
    Case("another digest", .digest, "payload.digest_sha256") {
      try anchor($0, ots($0.record.digest), digest: Digest(hashing: [7]))
    },
    Case("a proof of another digest", .otsDigest, "evidence") {
      let proof = ots(Digest(hashing: [7]))
      $0.context.evidence = evidence(proof)
      return try anchor($0, proof)
    },
    Case("too many pending anchors", .pendingAnchors, nil, code: .tooMany) {
      let proof = ots($0.record.digest)
      $0.context.evidence = evidence(proof)
      $0.context.record?.pendingBareAnchors = 16
      return try anchor($0, proof, by: $0.registry)
    },
    Case("an upgrade of something else", .eventID, "payload.event_id") {
      let cited = $0.append(try $0.citation())
      return try $0.event(
        .anchorUpgraded,
        [
          "event_id": .string("sha256:" + cited.eventID.hex),
          "evidence_sha256": .string(Digest(hashing: [1]).hex),
        ], by: $0.registry)
    },
  ]

  static let storage: [Case] = [
    Case("an address with a port that cannot be", .location, "payload.location") {
      try storageStatement($0, by: $0.stranger, ["location": "https://example.org:0/paper"])
    },
    // Admission reads the form of an address only. The client refuses private networks when it fetches.
    Case("an address inside, which was not fetched", .fetch, "payload.location") {
      try storageStatement($0, by: $0.stranger, ["location": "https://127.0.0.1/paper"])
    },
    Case("an observation ahead of time", .observedAt, "payload.observed_at") {
      try storageStatement(
        $0, by: $0.stranger,
        ["observed_at": .string(AdmissionScene.now.adding(seconds: 301).description)])
    },
    Case("other bytes as the canonical record", .content, "payload.content_sha256") {
      try storageStatement($0, by: $0.stranger, ["content_role": "canonical_record"])
    },
    Case("a file without its bytes", .content, "payload.evidence_sha256") {
      try upload($0, [1], evidence: nil)
    },
    Case("a file of another size", .content, "payload.size_bytes") {
      $0.context.evidence = evidence([1])
      return try upload($0, [1], evidence: [1], size: 2)
    },
    Case("a location that was not fetched", .fetch, "payload.location") {
      try storageStatement($0, by: $0.stranger)
    },
  ]

  static let authors: [Case] = [
    Case("a token for another purpose", .tokenNonce, "evidence") {
      try token(&$0, nonce: "other")
    },
    Case("a token for another iD", .tokenSubject, "payload.orcid") {
      try token(&$0, subject: "0000-0001-5109-3700")
    },
    Case("a token under another name", .tokenName, "payload.name") {
      try token(&$0, name: "Else One")
    },
    Case("a withdrawal without the issuer's keys", .tokenSignature, "evidence", code: .unavailable)
    { scene in
      let claimed = scene.append(
        try token(&scene, by: scene.registry),
        Admission(
          checks: [Check("signature", .verified)], verdict: .pending,
          recordedAt: AdmissionScene.now))
      return try withdrawal(scene, of: claimed, by: scene.registry, token: true)
    },
    Case("a withdrawal by token of a signed claim", .eventID, "payload.event_id") {
      let cited = $0.append(try $0.citation())
      $0.context.evidence = evidence(jwt($0))
      return try withdrawal($0, of: cited, by: $0.author, token: true)
    },
  ]

  static let statements: [Case] = [
    Case("a decision on nothing", .eventID, "payload.event_id") {
      let cited = $0.append(try $0.citation())
      $0.context.referenced = nil
      return try decision($0, on: cited, by: $0.moderator)
    },
    Case("a decision on a citation", .eventID, "payload.event_id") {
      let cited = $0.append(try $0.citation())
      return try decision($0, on: cited, by: $0.moderator)
    },
    Case("a decision by an author", .authority, "signer", code: .forbidden) {
      let run = $0.append(try replication($0, by: $0.stranger))
      return try decision($0, on: run, by: $0.author)
    },
    Case("a decision on one's own record", .authority, "signer", code: .forbidden) {
      let run = $0.append(try replication($0, by: $0.moderator))
      return try decision($0, on: run, by: $0.moderator)
    },
    Case("a decision on a withdrawn record", .eventID, "payload.event_id", code: .conflict) {
      let run = $0.append(try replication($0, by: $0.stranger))
      $0.append(try withdrawal($0, of: run, by: $0.stranger))
      $0.context.referenced = run
      return try decision($0, on: run, by: $0.moderator)
    },
    Case("a decision on a superseded record", .eventID, "payload.event_id", code: .conflict) {
      let run = $0.append(try replication($0, by: $0.stranger))
      $0.append(
        try $0.event(
          .replicationRecord,
          [
            "claim_ids": ["C1"], "kind": "replication", "outcome": "inconclusive",
            "replication_id": "r1", "supersedes": .string("sha256:" + run.eventID.hex),
          ], by: $0.stranger))
      $0.context.referenced = run
      return try decision($0, on: run, by: $0.moderator)
    },
    Case("a check of a decision", .eventID, "payload.event_id") {
      let run = $0.append(try replication($0, by: $0.stranger))
      let decided = $0.append(try decision($0, on: run, by: $0.moderator))
      return try $0.event(
        .checkRecorded,
        [
          "event_id": .string("sha256:" + decided.eventID.hex), "reason": "again",
          "verdict": "gone",
        ], by: $0.registry)
    },
    Case("a withdrawal of a withdrawal", .eventID, "payload.event_id") {
      let cited = $0.append(try $0.citation())
      let withdrawn = $0.append(try withdrawal($0, of: cited, by: $0.author))
      return try withdrawal($0, of: withdrawn, by: $0.author)
    },
    Case("a withdrawal by a stranger", .authority, "signer", code: .forbidden) {
      let cited = $0.append(try $0.citation())
      return try withdrawal($0, of: cited, by: $0.stranger)
    },
    Case("a second withdrawal", .eventID, "payload.event_id", code: .conflict) {
      let cited = $0.append(try $0.citation())
      $0.append(try withdrawal($0, of: cited, by: $0.author))
      $0.context.referenced = cited
      return try withdrawal($0, of: cited, by: $0.author)
    },
  ]

  static let slots: [Case] = [
    Case("a second statement in a slot", .slot, "payload.supersedes", code: .conflict) {
      $0.append(try $0.citation())
      return try $0.citation("10.1/1", ["note": "again"])
    },
    Case("a statement that supersedes another's", .supersedes, "payload.supersedes") {
      let older = $0.append(try $0.citation())
      return try $0.citation(
        "10.1/1", ["supersedes": .string("sha256:" + older.eventID.hex)], by: $0.stranger)
    },
    Case(
      "a statement that supersedes a withdrawn one", .supersedes, "payload.supersedes",
      code: .conflict
    ) {
      let older = $0.append(try $0.citation())
      $0.append(try withdrawal($0, of: older, by: $0.author))
      return try $0.citation(
        "10.1/1", ["supersedes": .string("sha256:" + older.eventID.hex)],
        at: AdmissionScene.now.adding(seconds: 1))
    },
    Case("a statement older than a withdrawal", .createdAt, "created_at", code: .conflict) {
      let older = $0.append(try $0.citation())
      $0.append(try withdrawal($0, of: older, by: $0.author))
      return try $0.citation("10.1/1", ["note": "again"])
    },
    Case("too many statements", .statements, nil, code: .tooMany) {
      let first = try $0.citation()
      $0.append(first)
      // A group is counted, whatever is in it.
      $0.context.group.events = Array(repeating: $0.context.group.events[0], count: 512)
      return try $0.citation("10.1/1", ["note": "again"])
    },
  ]
}
