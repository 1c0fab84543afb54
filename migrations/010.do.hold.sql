-- A hold tells the serving side to stop answering with a model; while it is on, nothing is promoted either.
ALTER TABLE switch DROP CONSTRAINT switch_kind_check;
ALTER TABLE switch ADD CONSTRAINT switch_kind_check CHECK (kind IN ('freeze', 'hold'));

-- Whether a model is held by a hold of its own or one of all models. A rollback does not ask.
CREATE OR REPLACE FUNCTION is_held(p_model integer) RETURNS boolean LANGUAGE sql STABLE
  SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT EXISTS (SELECT FROM (SELECT DISTINCT ON (model_id) is_on FROM public.switch
                               WHERE kind = 'hold' AND (model_id IS NULL OR model_id = p_model)
                               ORDER BY model_id, seq DESC) AS latest WHERE is_on)
$$;
GRANT EXECUTE ON FUNCTION is_held(integer) TO gatehouse_worker, gatehouse_reader;
