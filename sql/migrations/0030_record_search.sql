-- Projection: what a search finds each record by. The columns up to document_sha256 follow from the log alone: from the
-- record's first event, and from its newest event that names a document. The others are the text of that document, which
-- is evidence: NULL where the document is not stored, or was erased. ledger.erase_evidence() clears them.
CREATE TABLE ledger.record_text (
  record_position bigint      PRIMARY KEY,
  submitted_at    timestamptz NOT NULL,
  -- The primary category first.
  categories      text[]      NOT NULL,
  source_kind     text        NOT NULL,
  source_id       text        NOT NULL,
  source_version  bigint      NOT NULL,
  document_sha256 bytea,
  title           text,
  -- Whether the title has the digest in the canonical record.
  title_verified  boolean,
  authors         text,
  -- The words in the form in which a search compares them. They have no positions.
  title_words     tsvector,
  author_words    tsvector
);
COMMENT ON TABLE ledger.record_text IS
  'Projection. Columns up to document_sha256 are verified against the log; the others against the stored document that document_sha256 names.';
-- The records, the newest first.
CREATE INDEX record_text_by_time ON ledger.record_text (submitted_at DESC, record_position DESC);
-- A list of changes to merge later would make some searches slow.
CREATE INDEX record_text_by_title ON ledger.record_text USING gin (title_words) WITH (fastupdate = off);
CREATE INDEX record_text_by_author ON ledger.record_text USING gin (author_words) WITH (fastupdate = off);
CREATE INDEX record_text_by_category ON ledger.record_text USING gin (categories) WITH (fastupdate = off);
-- The record of a document that is erased.
CREATE INDEX record_text_by_document ON ledger.record_text (document_sha256);

-- Projection: the identities whose strong author claims stand, by record and fold group.
CREATE TABLE ledger.strong_author (
  record_position bigint NOT NULL,
  fold_group      bigint NOT NULL,
  -- The first 16 bytes of a hash of the signer_id, as in ledger.event.claimant.
  identity        bytea  NOT NULL,
  PRIMARY KEY (record_position, fold_group, identity)
);
-- The records of an author.
CREATE INDEX strong_author_by_identity ON ledger.strong_author (identity, record_position);

-- Events by their type. Citations are left out: a list of them reads the log itself, and an append of them pays nothing.
-- An expression: statements that mean a smaller partial index, which name event_type itself, must not be given this one.
CREATE INDEX event_by_type ON ledger.event ((event_type + 0), position)
WHERE event_type <> ledger.event_type_code('citation_signature');
