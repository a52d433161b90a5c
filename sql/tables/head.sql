-- The size of the log and its name. The lock on this row serialises appends.
CREATE TABLE ledger.head (
  singleton boolean PRIMARY KEY DEFAULT true CONSTRAINT head_is_one_row CHECK (singleton),
  size      bigint  NOT NULL CONSTRAINT head_size_is_natural CHECK (size >= 0),
  -- The log's name in checkpoints and statements of authority. NULL before the first event.
  origin    text
);
INSERT INTO ledger.head (size) VALUES (0);
