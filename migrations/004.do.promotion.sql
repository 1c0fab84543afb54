-- An attempt to promote a version, and everything that is found and decided in it.
CREATE TABLE promotion (
  id text PRIMARY KEY,
  model_id integer NOT NULL,
  version text NOT NULL,
  attempt integer NOT NULL,
  policy_seq bigint NOT NULL REFERENCES policy,
  requested_by text NOT NULL REFERENCES person,
  requested_at timestamptz NOT NULL,
  envelope text NOT NULL REFERENCES envelope DEFERRABLE INITIALLY DEFERRED,
  state text NOT NULL DEFAULT 'registered' CHECK (state IN
    ('registered', 'validating', 'staging', 'production', 'archived', 'rejected', 'withdrawn', 'expired')),
  round integer NOT NULL DEFAULT 1,
  staged_at timestamptz,
  ended_at timestamptz,
  end_reason text,
  asked_at timestamptz,
  first_run_id text,
  UNIQUE (model_id, version, attempt),
  FOREIGN KEY (model_id, version) REFERENCES model_version_detail
);
CREATE UNIQUE INDEX one_open_attempt ON promotion (model_id, version)
  WHERE state IN ('registered', 'validating', 'staging', 'production');
CREATE INDEX promotion_open ON promotion (id) WHERE state IN ('validating', 'staging', 'production');

CREATE TABLE check_result (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  promotion_id text NOT NULL REFERENCES promotion,
  round integer NOT NULL,
  phase text NOT NULL CHECK (phase IN ('validation', 'recheck')),
  check_name text NOT NULL,
  verdict text NOT NULL CHECK (verdict IN ('pass', 'fail', 'error', 'skipped')),
  finding text NOT NULL,
  against_version text,
  took_ms integer NOT NULL,
  at timestamptz NOT NULL
);
CREATE UNIQUE INDEX one_validation_verdict ON check_result (promotion_id, round, check_name) WHERE phase = 'validation';
CREATE INDEX latest_recheck ON check_result (promotion_id, check_name, id DESC) WHERE phase = 'recheck';

CREATE TABLE decision (
  seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  envelope text NOT NULL UNIQUE REFERENCES envelope DEFERRABLE INITIALLY DEFERRED,
  promotion_id text NOT NULL REFERENCES promotion,
  round integer NOT NULL,
  gate text NOT NULL CHECK (gate IN ('data-science', 'devops', 'business', 'security')),
  decision text NOT NULL CHECK (decision IN ('approve', 'reject', 'retract')),
  person text NOT NULL REFERENCES person,
  comment text NOT NULL,
  received_at timestamptz NOT NULL
);
CREATE INDEX decision_by_promotion ON decision (promotion_id, seq);

-- What people did to the ends of a soak; by_ms is by how much an extension moves the maximum.
CREATE TABLE soak_act (
  seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  envelope text NOT NULL UNIQUE REFERENCES envelope DEFERRABLE INITIALLY DEFERRED,
  promotion_id text NOT NULL REFERENCES promotion,
  kind text NOT NULL CHECK (kind IN ('extend', 'pause', 'resume')),
  by_ms bigint CHECK ((kind = 'extend') = (by_ms > 0) AND (kind = 'extend' OR by_ms IS NULL)),
  person text NOT NULL REFERENCES person,
  reason text NOT NULL,
  at timestamptz NOT NULL
);
CREATE INDEX soak_act_by_promotion ON soak_act (promotion_id, seq);

-- earned_ms is the soak earned up to this window's end: the running sum that the rule of soak adds up window by window.
CREATE TABLE performance_window (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  promotion_id text NOT NULL REFERENCES promotion,
  from_at timestamptz NOT NULL,
  to_at timestamptz NOT NULL CHECK (to_at >= from_at),
  verdict text NOT NULL CHECK (verdict IN ('healthy', 'warning', 'critical', 'unknown')),
  reason text NOT NULL,
  earned_ms bigint NOT NULL,
  simulated boolean NOT NULL DEFAULT false,
  took_ms integer NOT NULL DEFAULT 0
);
CREATE INDEX latest_window ON performance_window (promotion_id, id DESC);

CREATE TABLE production_change (
  seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  key text NOT NULL UNIQUE,
  kind text NOT NULL CHECK (kind IN ('promotion', 'rollback', 'retirement')),
  model_id integer NOT NULL REFERENCES model_registry,
  from_version text,
  to_version text,
  promotion_id text REFERENCES promotion,
  envelope text REFERENCES envelope, -- the signed act, where people changed production by hand
  decisions text[] NOT NULL,
  rechecks bigint[] NOT NULL,
  record text NOT NULL,
  at timestamptz NOT NULL,
  CHECK ((kind = 'retirement') = (to_version IS NULL)),
  CHECK ((kind = 'promotion') = (promotion_id IS NOT NULL)),
  CHECK ((kind = 'promotion') = (envelope IS NULL))
);
CREATE INDEX production_change_by_model ON production_change (model_id, seq);

CREATE TABLE follow_up (
  change_key text NOT NULL REFERENCES production_change (key),
  step text NOT NULL,
  outcome text NOT NULL CHECK (outcome IN ('done', 'failed')),
  detail text NOT NULL,
  at timestamptz NOT NULL,
  PRIMARY KEY (change_key, step)
);

-- Versions that may not be promoted or rolled back to; the latest row of a version counts.
CREATE TABLE quarantine (
  seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  model_id integer NOT NULL,
  version text NOT NULL,
  quarantined boolean NOT NULL,
  reason text NOT NULL,
  person text NOT NULL REFERENCES person,
  envelope text NOT NULL REFERENCES envelope DEFERRABLE INITIALLY DEFERRED,
  at timestamptz NOT NULL,
  FOREIGN KEY (model_id, version) REFERENCES model_version_detail
);
CREATE INDEX quarantine_latest ON quarantine (model_id, version, seq DESC);

-- What holds promotions back by hand; the latest row of a kind and model counts. Without a model it is for all of them.
CREATE TABLE switch (
  seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  kind text NOT NULL CHECK (kind IN ('freeze')),
  model_id integer REFERENCES model_registry,
  is_on boolean NOT NULL,
  reason text NOT NULL,
  person text NOT NULL REFERENCES person,
  envelope text NOT NULL UNIQUE REFERENCES envelope DEFERRABLE INITIALLY DEFERRED,
  at timestamptz NOT NULL
);
CREATE INDEX switch_latest ON switch (kind, model_id, seq DESC);

-- What somebody has to be told, written in the transaction that makes it so; every channel delivers it by itself.
CREATE TABLE notice (
  key text PRIMARY KEY,
  kind text NOT NULL,
  subject text NOT NULL,
  audience text[] NOT NULL, -- groups and people
  title text NOT NULL,
  body text NOT NULL,
  at timestamptz NOT NULL
);
CREATE INDEX notice_by_subject ON notice (subject, at);

CREATE TABLE notice_delivery (
  notice_key text NOT NULL REFERENCES notice,
  channel text NOT NULL,
  detail text NOT NULL,
  at timestamptz NOT NULL,
  PRIMARY KEY (notice_key, channel)
);

DO $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['envelope', 'refusal_counted', 'policy', 'feature_view', 'dataset', 'check_result', 'decision',
                              'soak_act', 'performance_window', 'production_change', 'follow_up', 'quarantine', 'switch', 'notice',
                              'notice_delivery'] LOOP
    EXECUTE format('CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON %I
                    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()', name);
  END LOOP;
  FOREACH name IN ARRAY ARRAY['person', 'model_registry', 'model_version_detail', 'promotion'] LOOP
    EXECUTE format('CREATE TRIGGER never_deleted BEFORE DELETE OR TRUNCATE ON %I
                    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()', name);
  END LOOP;
END $$;
