-- The log. An event is a leaf of the Merkle tree: position is the leaf's index, entry is the leaf's data and never
-- changes. All other columns follow from the entries; column_rules says by which version of the rules.
CREATE TABLE ledger.event (
  position              bigint      NOT NULL,
  -- The position of the first event about the same record; ledger.registry() for events about keys.
  record_position       bigint      NOT NULL,
  recorded_at           timestamptz NOT NULL,
  created_at            timestamptz NOT NULL,
  -- Events that are folded together. NULL for events that no fold group reads.
  fold_group            bigint,
  -- The first 64 bits of the hash of the event's target.
  target_hash           bigint      NOT NULL,
  -- The position of the event that this one names.
  refers_to             bigint,
  valid_until           timestamptz,
  reference_count       integer     NOT NULL,
  resolved_work         integer     NOT NULL,
  formal_evidence_count integer     NOT NULL,
  -- A sum of ledger.event_flag() values.
  flags                 integer     NOT NULL,
  -- ledger.event_type_code(); 0 for a type that the writer did not know.
  event_type            smallint    NOT NULL,
  -- ledger.verdict_code().
  verdict               smallint    NOT NULL,
  event_id              bytea       NOT NULL,
  -- The fingerprint of the key that signed the event.
  signer_key            bytea       NOT NULL,
  slot                  bytea,
  statement             bytea,
  claimant              bytea,
  -- The columns of events about keys: the key, its signer and what a vouch or a revocation says of it.
  key_fingerprint       bytea,
  key_signer_id         text,
  -- ledger.signer_type_code().
  key_signer_type       smallint,
  key_id                text,
  key_public            bytea,
  key_name              text,
  compromised_from      bigint,
  entry                 bytea       NOT NULL,
  -- The head row makes positions unique; this index enforces it.
  CONSTRAINT event_position_is_unique PRIMARY KEY (position),
  CONSTRAINT event_position_is_natural CHECK (position >= 0),
  CONSTRAINT event_entry_fits_a_bundle CHECK (octet_length(entry) BETWEEN 1 AND 65535),
  CONSTRAINT event_id_is_sha256 CHECK (octet_length(event_id) = 32),
  CONSTRAINT event_signer_is_fingerprint CHECK (octet_length(signer_key) = 16),
  CONSTRAINT event_refers_back CHECK (refers_to < position)
);
