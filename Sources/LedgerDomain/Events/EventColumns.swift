public import Encodings

extension Entry {
  /// Derives the typed columns that the fold reads.
  ///
  /// - Parameters:
  ///   - position: the position of the entry.
  ///   - record: the subject of the event.
  ///   - referenced: the event that this one names, among the earlier events of its record.
  ///   - recordSource: for an event about an alias, the slot of the record's `record_created`.
  public func foldEvent(
    position: Position, record: RecordID, referenced: FoldEvent?,
    recordSource: Digest128? = nil
  ) -> FoldEvent {
    event.foldEvent(
      admission, position: position, record: record, referenced: referenced,
      recordSource: recordSource)
  }
}

extension SignedEvent {
  /// Derives the typed columns that the fold reads.
  ///
  /// - Parameters:
  ///   - admission: the results of admission.
  ///   - position: the position of the entry.
  ///   - record: the subject of the event.
  ///   - referenced: the event that this one names, among the earlier events of its record.
  ///   - recordSource: for an event about an alias, the slot of the record's `record_created`.
  public func foldEvent(
    _ admission: Admission, position: Position, record: RecordID, referenced: FoldEvent?,
    recordSource: Digest128? = nil
  ) -> FoldEvent {
    var columns = FoldEvent(
      position: position, record: record, eventID: eventID, type: body.type,
      recordedAt: admission.recordedAt, createdAt: body.createdAt, verdict: admission.verdict,
      signerKey: body.signer.fingerprint,
      targetHash: body.targetHash, refersTo: referenced?.position)
    if body.isBare { columns.flags.insert(.bare) }
    columns.statement = body.statement
    columns.slot = body.slot
    columns.foldGroup = body.foldGroup
    body.members.setColumns(
      &columns,
      of: ColumnSource(
        event: self, admission: admission, referenced: referenced, recordSource: recordSource))
    return columns
  }
}
