-- How far the projections are: they include every event below next_position.
CREATE TABLE ledger.projection_offset (
  singleton     boolean PRIMARY KEY DEFAULT true CONSTRAINT projection_offset_is_one_row CHECK (singleton),
  next_position bigint  NOT NULL
);
INSERT INTO ledger.projection_offset (next_position) VALUES (0);
