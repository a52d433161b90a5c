-- Each event is in the log once per record. Also finds an event by its id alone.
CREATE UNIQUE INDEX event_by_event_id ON ledger.event (event_id, record_position);
