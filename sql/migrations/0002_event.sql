-- The log. Position is the leaf's index; entry is the leaf's data and never changes.
CREATE TABLE ledger.event (
  position              bigint      NOT NULL,
  record                bigint      NOT NULL,
  recorded_at           timestamptz NOT NULL,
  fold_group            bigint,
  target_key            bigint      NOT NULL,
  refers_to             bigint,
  valid_until           timestamptz,
  reference_count       integer     NOT NULL,
  resolved_work         integer     NOT NULL,
  formal_evidence_count integer     NOT NULL,
  flags                 integer     NOT NULL,
  event_type            smallint    NOT NULL,
  verdict               smallint    NOT NULL,
  event_id              bytea       NOT NULL,
  signer_key            bytea       NOT NULL,
  slot                  bytea,
  statement             bytea,
  claimant              bytea,
  key_fingerprint       bytea,
  key_signer_id         text,
  key_signer_type       smallint,
  key_id                text,
  key_public            bytea,
  compromised_from      bigint,
  entry                 bytea       NOT NULL,
  -- On a single node an index enforces that positions are unique; what makes them so is the head row.
  CONSTRAINT event_position_is_unique PRIMARY KEY (position),
  CONSTRAINT event_position_is_natural CHECK (position >= 0),
  CONSTRAINT event_entry_fits_a_bundle CHECK (octet_length(entry) BETWEEN 1 AND 65535),
  CONSTRAINT event_id_is_sha256 CHECK (octet_length(event_id) = 32),
  CONSTRAINT event_signer_is_fingerprint CHECK (octet_length(signer_key) = 16),
  CONSTRAINT event_refers_back CHECK (refers_to < position)
);

-- Idempotency: an event is in the log once, looked up by record so that the table can be distributed.
CREATE UNIQUE INDEX event_by_id ON ledger.event (record, event_id);
-- A record's history by position, its newest event of a type, and the registry's key events.
CREATE INDEX event_by_record ON ledger.event (record, position);
-- What the live projector reads to fold one event.
CREATE INDEX event_by_group ON ledger.event (record, fold_group, position) WHERE fold_group IS NOT NULL;
-- What a retroactive revocation must fold again, and what the registry said lately of a record.
CREATE INDEX event_by_signer ON ledger.event (signer_key, record, position);

-- The one row that serialises appends: whoever holds it knows the next position.
CREATE TABLE ledger.head (
  one    boolean PRIMARY KEY DEFAULT true CONSTRAINT head_is_one_row CHECK (one),
  size   bigint  NOT NULL CONSTRAINT head_size_is_natural CHECK (size >= 0),
  origin text
);
INSERT INTO ledger.head (size) VALUES (0);

-- Names for the codes, for people with psql.
CREATE TABLE ledger.event_type (code smallint PRIMARY KEY, name text NOT NULL UNIQUE);
INSERT INTO ledger.event_type VALUES
  (1, 'timestamp_anchor'), (2, 'storage_attestation'), (3, 'author_attestation'),
  (4, 'citation_signature'), (5, 'replication_record'), (6, 'record_created'), (7, 'graph_snapshot'),
  (8, 'alias_added'), (9, 'anchor_upgraded'), (10, 'check_recorded'), (11, 'moderation_decision'),
  (12, 'event_withdrawn'), (13, 'key_registered'), (14, 'key_vouched'), (15, 'key_revoked');
