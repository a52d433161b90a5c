-- By position and not by record: the newest events of a key stand beside each other, so that an append
-- changes the page that the last one of the same key changed, and not one somewhere in the whole index.
-- What a retroactive revocation asks is a range of positions, answered from the index alone.
CREATE INDEX event_of_signer ON ledger.event (signer_key, position) INCLUDE (record);
DROP INDEX ledger.event_by_signer;
