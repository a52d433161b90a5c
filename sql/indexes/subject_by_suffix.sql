-- Records by the beginning of their suffix.
CREATE INDEX subject_by_suffix ON ledger.subject (suffix);
