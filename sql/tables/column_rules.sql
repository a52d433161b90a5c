-- The version of the rules by which the columns of the log were derived from its entries.
CREATE TABLE ledger.column_rules (
  singleton boolean PRIMARY KEY DEFAULT true CONSTRAINT column_rules_is_one_row CHECK (singleton),
  version   integer NOT NULL
);
INSERT INTO ledger.column_rules (version) VALUES (2);
