-- The event that an identity token has served. A token serves one event, even after its bytes are erased.
CREATE TABLE ledger.token_use (
  sha256   bytea PRIMARY KEY CONSTRAINT token_use_is_sha256 CHECK (octet_length(sha256) = 32),
  event_id bytea NOT NULL CONSTRAINT token_use_event_is_sha256 CHECK (octet_length(event_id) = 32)
);
