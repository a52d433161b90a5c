-- What `pithledger migrate` notes about this database.
CREATE SCHEMA IF NOT EXISTS pithledger;
