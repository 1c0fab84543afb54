-- People, what they sign, and what they put on the record before a promotion.
CREATE TABLE person (
  email text PRIMARY KEY CHECK (email = lower(email) AND email ~ '^[^@[:space:]]+@[^@[:space:]]+$'),
  printed_name text NOT NULL,
  groups text[] NOT NULL,
  kid text NOT NULL UNIQUE,
  public_key text NOT NULL,
  assurance text NOT NULL CHECK (assurance IN ('demo', 'enrolled')),
  enrolled_by text NOT NULL,
  enrolled_at timestamptz NOT NULL DEFAULT gatehouse_now(),
  revoked_at timestamptz
);

CREATE TABLE envelope (
  hash text PRIMARY KEY CHECK (hash ~ '^[0-9a-f]{64}$'),
  act text NOT NULL,
  person text REFERENCES person, -- null when nobody's key made the signature
  subject text NOT NULL,
  jws text NOT NULL,
  received_at timestamptz NOT NULL,
  accepted boolean NOT NULL,
  answer text NOT NULL
);
CREATE INDEX refused_by_subject ON envelope (subject, act) WHERE NOT accepted;

-- Refusals beyond their share: what was answered stays, so that the same envelope never gets another answer.
CREATE TABLE refusal_counted (
  hash text PRIMARY KEY CHECK (hash ~ '^[0-9a-f]{64}$'),
  act text NOT NULL,
  person text REFERENCES person,
  subject text NOT NULL,
  received_at timestamptz NOT NULL,
  answer text NOT NULL
);

CREATE TABLE policy (
  seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  model text NOT NULL,
  digest text NOT NULL,
  file_text text NOT NULL,
  defaults_text text,
  effective text NOT NULL,
  relaxed text[] NOT NULL,
  envelope text NOT NULL REFERENCES envelope DEFERRABLE INITIALLY DEFERRED,
  registered_at timestamptz NOT NULL
);
CREATE INDEX policy_by_model ON policy (model, seq DESC);

CREATE TABLE feature_view (
  name text NOT NULL,
  version integer NOT NULL,
  feature_hash text NOT NULL,
  features text NOT NULL,
  file_text text NOT NULL,
  envelope text NOT NULL REFERENCES envelope DEFERRABLE INITIALLY DEFERRED,
  registered_at timestamptz NOT NULL,
  PRIMARY KEY (name, version)
);

CREATE TABLE dataset (
  name text PRIMARY KEY,
  seq bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
  series text NOT NULL,
  role text NOT NULL CHECK (role IN ('training', 'holdout')),
  digest text NOT NULL,
  feature_view text NOT NULL,
  feature_view_version integer NOT NULL,
  label text NOT NULL,
  positive text,
  file_text text NOT NULL,
  envelope text NOT NULL REFERENCES envelope DEFERRABLE INITIALLY DEFERRED,
  registered_at timestamptz NOT NULL
);

CREATE TABLE model_registry (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name text NOT NULL UNIQUE CHECK (name ~ '^[a-z0-9_-]{1,64}$'),
  created_at timestamptz NOT NULL DEFAULT gatehouse_now()
);

CREATE TABLE model_version_detail (
  model_id integer NOT NULL REFERENCES model_registry,
  version text NOT NULL,
  status text NOT NULL DEFAULT 'registered' CHECK (status IN
    ('registered', 'validating', 'staging', 'production', 'archived', 'deleted', 'rejected', 'withdrawn', 'expired')),
  artifact_digest text NOT NULL,
  feature_hash text NOT NULL,
  registered_by text NOT NULL REFERENCES person,
  registered_at timestamptz NOT NULL,
  envelope text NOT NULL REFERENCES envelope DEFERRABLE INITIALLY DEFERRED,
  staged_at timestamptz,
  promoted_at timestamptz,
  deprecated_at timestamptz,
  retention_until timestamptz,
  PRIMARY KEY (model_id, version)
);
-- Rules §1: per model at most one version is in production, at every instant.
CREATE UNIQUE INDEX one_production_version ON model_version_detail (model_id) WHERE status = 'production';
