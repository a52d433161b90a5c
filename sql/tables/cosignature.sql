-- The signature lines that witnesses added to checkpoints.
CREATE TABLE ledger.cosignature (
  size        bigint      NOT NULL REFERENCES ledger.checkpoint (size),
  witness     text        NOT NULL,
  line        text        NOT NULL,
  received_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (size, witness)
);
