-- The events about one key.
CREATE INDEX event_by_key ON ledger.event (key_fingerprint, position) WHERE key_fingerprint IS NOT NULL;
-- Events by the time of their admission. The times ascend with the pages of the table, so that an index of ranges of
-- pages is enough, and an append pays nothing for it.
CREATE INDEX event_by_time ON ledger.event USING brin (recorded_at) WITH (autosummarize = on);
