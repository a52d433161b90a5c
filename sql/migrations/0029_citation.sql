-- Projection: the citations of each record with their standing.
CREATE TABLE ledger.citation (
  -- The cited record.
  record_position bigint   NOT NULL,
  -- The event.
  position        bigint   NOT NULL,
  fold_group      bigint   NOT NULL,
  -- The name under which the event gives the citing paper, and the paper that the name belongs to.
  name            bytea    NOT NULL,
  paper           bytea    NOT NULL,
  signer_key      bytea    NOT NULL,
  -- ledger.citation_relations(); 0 for a relation that the writer did not know.
  relation        smallint NOT NULL,
  -- ledger.standings(), counted from 0.
  standing        smallint NOT NULL,
  -- Whether the signer's key was vouched for before the event.
  is_vouched      boolean  NOT NULL,
  CONSTRAINT citation_pkey PRIMARY KEY (record_position, position)
);
-- What a paper cites.
CREATE INDEX citation_by_paper ON ledger.citation (paper, position);
-- What a key says about a record, and under which other names of the citing paper.
CREATE INDEX citation_by_signer ON ledger.citation (record_position, signer_key, paper);
-- The last event that names a paper.
CREATE INDEX event_naming ON ledger.event (position)
WHERE event_type IN (ledger.event_type_code('record_created'), ledger.event_type_code('alias_added'),
  ledger.event_type_code('alias_retracted'));
-- The source of the record with a Pith Number.
CREATE INDEX event_source ON ledger.event (claimant)
WHERE event_type = ledger.event_type_code('record_created') AND claimant IS NOT NULL;
-- The aliases that share a paper with a source, from either side. Most aliases are the source itself.
CREATE INDEX event_alias_of_source ON ledger.event (claimant)
WHERE event_type IN (ledger.event_type_code('alias_added'), ledger.event_type_code('alias_retracted'))
  AND slot <> claimant;
CREATE INDEX event_source_of_alias ON ledger.event (slot)
WHERE event_type IN (ledger.event_type_code('alias_added'), ledger.event_type_code('alias_retracted'))
  AND slot <> claimant;
