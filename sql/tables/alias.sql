-- The other names of records: arXiv ids, DOIs. ledger.append() writes it with the events, so that it never lags.
CREATE TABLE ledger.alias (
  kind         text    NOT NULL,
  folded       text    NOT NULL,
  record       bigint  NOT NULL,
  -- Whether an operator retracted the name.
  is_retracted boolean NOT NULL DEFAULT false,
  PRIMARY KEY (folded, kind, record)
);
