-- How far the projections are: they include every event below next_position.
CREATE TABLE ledger.projection_checkpoint (
  one           boolean PRIMARY KEY DEFAULT true CONSTRAINT projection_checkpoint_is_one_row CHECK (one),
  next_position bigint  NOT NULL
);
INSERT INTO ledger.projection_checkpoint (next_position) VALUES (0);
