-- Which event an identity token has served: one, for ever, whatever becomes of the token's bytes.
CREATE TABLE ledger.token_use (
  sha256   bytea PRIMARY KEY CONSTRAINT token_use_is_sha256 CHECK (octet_length(sha256) = 32),
  event_id bytea NOT NULL CONSTRAINT token_use_event_is_sha256 CHECK (octet_length(event_id) = 32)
);
GRANT SELECT ON ledger.token_use TO pithledger_writer, pithledger_reader;

-- Claims that are in the log already have spent their tokens.
INSERT INTO ledger.token_use (sha256, event_id)
SELECT decode(convert_from(e.entry, 'UTF8')::jsonb #>> '{event,payload,evidence_sha256}', 'hex'), e.event_id
FROM ledger.event e WHERE e.event_type = 3 AND e.flags & 4 <> 0 ORDER BY e.position
ON CONFLICT DO NOTHING;

-- Spends tokens in the transaction that appends what they serve, after the append, whose lock on the head
-- keeps any other from spending them meanwhile. An event that was not stored spends nothing.
CREATE FUNCTION ledger.spend_tokens(digests bytea[], records bigint[], event_ids bytea[])
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, ledger, pg_temp AS $$
BEGIN
  INSERT INTO token_use (sha256, event_id)
  SELECT n.digest, n.event_id FROM unnest(digests, records, event_ids) AS n (digest, record, event_id)
  WHERE EXISTS (SELECT FROM event e WHERE e.record = n.record AND e.event_id = n.event_id)
  ON CONFLICT DO NOTHING;
  PERFORM FROM unnest(digests, records, event_ids) AS n (digest, record, event_id)
    JOIN token_use u ON u.sha256 = n.digest
    WHERE u.event_id <> n.event_id
      AND EXISTS (SELECT FROM event e WHERE e.record = n.record AND e.event_id = n.event_id);
  IF FOUND THEN
    RAISE EXCEPTION 'the identity token has served another event' USING ERRCODE = 'PL013';
  END IF;
END
$$;
REVOKE ALL ON FUNCTION ledger.spend_tokens FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ledger.spend_tokens TO pithledger_writer;

-- Bytes that were kept as something else, and turn out to be an identity token, are served no longer.
CREATE OR REPLACE FUNCTION ledger.put_evidence(digests bytea[], kinds text[], contents bytea[])
RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, ledger, pg_temp AS $$
  INSERT INTO evidence (sha256, kind, bytes)
  SELECT * FROM unnest(digests, kinds, contents) ON CONFLICT DO NOTHING;
  UPDATE evidence e SET kind = 'identity_token'
  FROM unnest(digests, kinds) AS n (digest, kind)
  WHERE n.kind = 'identity_token' AND e.sha256 = n.digest AND e.kind <> 'identity_token'
$$;

-- What a job looks through: claims whose token could not be checked when they came.
CREATE INDEX event_pending_claim ON ledger.event (position) WHERE event_type = 3 AND verdict = 2;
