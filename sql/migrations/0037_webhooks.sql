-- Subscriptions to events of the log, to which they are sent over HTTP. They are settings of the operator and no part of
-- the log. An address may contain a token of the receiver, so that only the logins that deliver and administer read the
-- table. It has no secrets of signatures: these are derived from the key of the log.
CREATE TABLE ledger.webhook (
  id              text        PRIMARY KEY CONSTRAINT webhook_id_is_short CHECK (octet_length(id) BETWEEN 1 AND 64),
  url             text        NOT NULL CONSTRAINT webhook_url_is_bounded CHECK (octet_length(url) BETWEEN 1 AND 2048),
  -- The conditions on events; NULL for any.
  event_types     text[],
  pith_number     text,
  signer          text,
  target          text,
  -- The largest number of events in one request; 1 sends single events.
  batch_size      integer     NOT NULL CONSTRAINT webhook_batch_is_bounded CHECK (batch_size BETWEEN 1 AND 100),
  -- The lowest position that is not delivered, and where the batch ends that is being sent.
  next_position   bigint      NOT NULL CONSTRAINT webhook_position_counts_from_zero CHECK (next_position >= 0),
  batch_end       bigint,
  -- Counts the secrets from 1. The one before is used, too, for some time after the rotation.
  generation      integer     NOT NULL DEFAULT 1 CONSTRAINT webhook_generation_counts_from_one CHECK (generation >= 1),
  rotated_at      timestamptz,
  -- Why nothing is sent; NULL while events are sent.
  pause           text        CONSTRAINT webhook_pause_is_known CHECK (pause IN ('operator', 'gone', 'failing')),
  -- Attempts that failed since the last success.
  failures        integer     NOT NULL DEFAULT 0,
  failing_since   timestamptz,
  next_attempt_at timestamptz,
  last_attempt_at timestamptz,
  delivered_at    timestamptz,
  last_error      text        CONSTRAINT webhook_error_is_bounded CHECK (octet_length(last_error) <= 1000),
  -- The process that delivers, and until when it may.
  holder          text,
  held_until      timestamptz,
  created_at      timestamptz NOT NULL
);
COMMENT ON TABLE ledger.webhook IS
  'Subscriptions of the operator. They are not part of the log, and nothing is lost with them but the place up to which each receiver has the events.';
