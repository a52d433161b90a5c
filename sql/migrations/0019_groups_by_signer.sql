-- What the fold reads of an event, more of it: when it was signed, and the name that a vouch binds to a key. The
-- program that migrates fills in what old rows lack from their entries, and their groups with it.
ALTER TABLE ledger.event ADD COLUMN created_at timestamptz NOT NULL DEFAULT 'epoch', ADD COLUMN key_name text;
ALTER TABLE ledger.event ALTER COLUMN created_at DROP DEFAULT;
INSERT INTO ledger.event_type VALUES (16, 'alias_retracted'), (17, 'vouching_withdrawn');
-- Claims by identity token that waited for their check: the groups that belong with others of the same iD.
CREATE INDEX event_proven_claim ON ledger.event (record, claimant) WHERE event_type = 10 AND claimant IS NOT NULL;

-- By which rules the columns of the log were made from its entries.
CREATE TABLE ledger.column_rules (
  one     boolean PRIMARY KEY DEFAULT true CONSTRAINT column_rules_is_one_row CHECK (one),
  version integer NOT NULL
);
INSERT INTO ledger.column_rules (version) VALUES (1);
GRANT SELECT ON ledger.column_rules TO pithledger_writer, pithledger_projector, pithledger_reader;
