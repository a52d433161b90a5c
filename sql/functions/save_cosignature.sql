-- Stores a signature line of a witness under a checkpoint.
--
-- Errors: PL022 where the line is not one signature line of that witness.
CREATE FUNCTION ledger.save_cosignature(the_size bigint, the_witness text, the_line text)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, ledger, pg_temp AS $$
BEGIN
  IF NOT starts_with(the_line, '— ' || the_witness || ' ') OR the_line !~ '^— [^\s+]+ [A-Za-z0-9+/=]+\n$'
    OR octet_length(the_line) > 1000 THEN
    RAISE EXCEPTION 'not the signature line of a witness' USING ERRCODE = 'PL022';
  END IF;
  INSERT INTO cosignature (size, witness, line) VALUES (the_size, the_witness, the_line)
    ON CONFLICT DO NOTHING;
END
$$;
