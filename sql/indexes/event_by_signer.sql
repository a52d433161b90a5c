-- The events that a key signed from a position on. Ordered by position and not by record: the newest events of a key
-- lie together, so that an append changes the page that the previous append of the same key changed. record is included
-- so that a retroactive revocation is answered from the index alone.
CREATE INDEX event_by_signer ON ledger.event (signer_key, position) INCLUDE (record_position);
