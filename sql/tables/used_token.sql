-- The event that an identity token has served. A token serves one event, even after its bytes are erased.
CREATE TABLE ledger.used_token (
  sha256   bytea PRIMARY KEY CONSTRAINT used_token_is_sha256 CHECK (octet_length(sha256) = 32),
  event_id bytea NOT NULL CONSTRAINT used_token_event_is_sha256 CHECK (octet_length(event_id) = 32)
);
