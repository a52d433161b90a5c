-- The other names of records: arXiv ids, DOIs. ledger.append() writes it with the events, so that it never lags.
CREATE TABLE ledger.alias (
  kind            text    NOT NULL,
  normalized      text    NOT NULL,
  record_position bigint  NOT NULL,
  -- Whether an operator retracted the name.
  is_retracted    boolean NOT NULL DEFAULT false,
  PRIMARY KEY (normalized, kind, record_position)
);
