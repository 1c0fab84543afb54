-- What a serving system writes down of its predictions, and the labels that arrive later: what the watch reads unless a policy names
-- another source. This is not the audited record: nothing here is on the trail, and the owner deletes what is older than it is kept.
CREATE TABLE prediction (
  id uuid PRIMARY KEY, -- a UUIDv7 of the serving side, so that the key grows at its end and a repeated insert is recognised
  model text NOT NULL CHECK (model ~ '^[a-z0-9_-]{1,64}$'),
  version text NOT NULL CHECK (octet_length(version) BETWEEN 1 AND 200),
  at timestamptz NOT NULL DEFAULT clock_timestamp(), -- the database's own clock: a serving system cannot write another time
  failed boolean NOT NULL,
  latency_ms real CHECK (latency_ms >= 0 AND latency_ms <= 3600000), -- a NaN is above every number
  predicted smallint CHECK (predicted IN (0, 1)),
  score real CHECK (score >= 0 AND score <= 1),
  -- As the model was given them, in the order of the version's feature view; null where a value was missing. Numbers, never names or ids.
  features real[] CHECK (array_ndims(features) = 1 AND array_lower(features, 1) = 1),
  CHECK (failed OR (latency_ms IS NOT NULL AND predicted IS NOT NULL))
) WITH (autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 50000);
-- All of a window's figures are in the index; vacuumed as above, the table itself is read for the newest rows only.
CREATE INDEX prediction_window ON prediction (model, version, at) INCLUDE (failed, latency_ms);
-- What is older than it is kept lies together, so that it is found without an index worth the name.
CREATE INDEX prediction_age ON prediction USING brin (at);

-- The labels that have arrived, with what is needed of their predictions, so that a window of labels is one range of one index.
CREATE TABLE prediction_label (
  id uuid PRIMARY KEY,
  model text NOT NULL,
  version text NOT NULL,
  predicted_at timestamptz NOT NULL,
  predicted smallint NOT NULL,
  truth smallint NOT NULL CHECK (truth IN (0, 1)),
  at timestamptz NOT NULL DEFAULT clock_timestamp()
) WITH (autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 50000);
CREATE INDEX prediction_label_window ON prediction_label (model, version, predicted_at) INCLUDE (predicted, truth);
CREATE INDEX prediction_label_age ON prediction_label USING brin (at);

-- Nobody but the owner may delete, and nobody changes what was predicted.
CREATE TRIGGER append_only BEFORE UPDATE OR TRUNCATE ON prediction FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR TRUNCATE ON prediction_label FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- What a prediction should have been. The same label again is nothing new; another one is refused.
CREATE FUNCTION label_prediction(p_id uuid, p_truth smallint) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
  SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  made public.prediction;
  known smallint;
BEGIN
  SELECT * INTO made FROM public.prediction WHERE id = p_id;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'no prediction has the id %', p_id USING ERRCODE = 'GH002';
  END IF;
  IF made.predicted IS NULL THEN
    RAISE EXCEPTION 'the prediction % was not answered', p_id USING ERRCODE = 'GH002';
  END IF;
  INSERT INTO public.prediction_label (id, model, version, predicted_at, predicted, truth)
    VALUES (p_id, made.model, made.version, made.at, made.predicted, p_truth) ON CONFLICT DO NOTHING;
  IF NOT FOUND THEN
    SELECT truth INTO known FROM public.prediction_label WHERE id = p_id;
    IF known IS DISTINCT FROM p_truth THEN
      RAISE EXCEPTION 'the prediction % has another label already', p_id USING ERRCODE = 'GH001';
    END IF;
  END IF;
END $$;

-- How the features of a training set are distributed, as canonical JSON: what drift is measured against. Made once, and the same
-- whenever it is made again.
CREATE TABLE training_distribution (
  dataset_digest text NOT NULL CHECK (dataset_digest ~ '^[0-9a-f]{64}$'),
  feature_hash text NOT NULL CHECK (feature_hash ~ '^[0-9a-f]{64}$'),
  distribution text NOT NULL,
  made_at timestamptz NOT NULL DEFAULT gatehouse_now(),
  PRIMARY KEY (dataset_digest, feature_hash)
);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON training_distribution
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Which data file a version was trained on, as its package and the data set that this names say: the watch asks without the store.
CREATE TABLE trained_on (
  model_id integer NOT NULL,
  version text NOT NULL,
  dataset_digest text NOT NULL CHECK (dataset_digest ~ '^[0-9a-f]{64}$'),
  PRIMARY KEY (model_id, version),
  FOREIGN KEY (model_id, version) REFERENCES model_version_detail
);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON trained_on
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- A serving system adds to the log and labels it; it reads nothing, and what others predicted is none of its business.
GRANT INSERT (id, model, version, failed, latency_ms, predicted, score, features) ON prediction TO gatehouse_serving;
GRANT EXECUTE ON FUNCTION label_prediction(uuid, smallint) TO gatehouse_serving;
GRANT INSERT (dataset_digest, feature_hash, distribution) ON training_distribution TO gatehouse_worker;
GRANT INSERT ON trained_on TO gatehouse_worker;
