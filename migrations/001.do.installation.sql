-- The installation itself, and the one clock that decides.
CREATE TABLE installation (
  only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
  id text NOT NULL DEFAULT gen_random_uuid()::text,
  environment text NOT NULL DEFAULT 'development' CHECK (environment IN ('development', 'production')),
  clock_offset interval NOT NULL DEFAULT '0' CHECK (clock_offset >= '0'),
  CONSTRAINT clock_stands_still_in_production CHECK (environment <> 'production' OR clock_offset = '0')
);
INSERT INTO installation DEFAULT VALUES;

CREATE FUNCTION keep_production() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' OR (OLD.environment = 'production' AND NEW.environment <> 'production') OR NEW.id <> OLD.id THEN
    RAISE EXCEPTION 'an installation keeps its id and never leaves production' USING ERRCODE = 'GH002';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER keep_production BEFORE UPDATE OR DELETE ON installation FOR EACH ROW EXECUTE FUNCTION keep_production();

-- Milliseconds are the resolution of every rule, so that a time survives being written down and read again.
CREATE FUNCTION gatehouse_now() RETURNS timestamptz LANGUAGE sql VOLATILE SECURITY DEFINER
  SET search_path = pg_catalog, public, pg_temp
  AS $$ SELECT date_trunc('milliseconds', clock_timestamp() + (SELECT clock_offset FROM public.installation)) $$;

-- Work that one worker does at a time, by locking its row: advisory locks can be taken by every login, readers included.
CREATE TABLE work_lock (
  name text PRIMARY KEY
);
INSERT INTO work_lock VALUES ('reconcile');

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only: % is refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'GH002';
END $$;
