-- The log, its projections and the functions that write them.
CREATE SCHEMA IF NOT EXISTS ledger;
