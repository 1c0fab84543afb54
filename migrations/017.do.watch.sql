-- The watch: what versions in service were seen to do, incidents, and the rollback that nobody has to ask for.

-- What follows a production change is said when it is made, so that a later release asks nothing more of an older one.
CREATE FUNCTION follow_ups_of(p_kind text) RETURNS text[] LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT CASE
    WHEN p_kind = 'promotion' THEN ARRAY['serving', 'watch', 'dashboards', 'performance-review', 'archive-previous', 'stakeholders', 'incidents']
    WHEN p_kind = 'retirement' THEN ARRAY['serving', 'dashboards', 'archive-previous', 'stakeholders', 'incidents']
    ELSE ARRAY['serving', 'service-health', 'prediction-quality', 'watch', 'dashboards', 'archive-previous', 'stakeholders', 'incidents']
  END
$$;
GRANT EXECUTE ON FUNCTION follow_ups_of(text) TO gatehouse_worker, gatehouse_reader;

ALTER TABLE production_change
  ADD COLUMN follow_ups text[] NOT NULL DEFAULT ARRAY['serving', 'archive-previous'],
  -- The windows whose breach is the authority of an automatic rollback; empty where people signed.
  ADD COLUMN windows bigint[] NOT NULL DEFAULT '{}',
  -- The clock that nobody moves: how long nothing was heard of a version is not a matter of the installation's offset.
  ADD COLUMN made_at timestamptz;
ALTER TABLE production_change ALTER COLUMN follow_ups DROP DEFAULT, ALTER COLUMN made_at SET DEFAULT clock_timestamp();
ALTER TABLE production_change DROP CONSTRAINT production_change_kind_check, DROP CONSTRAINT production_change_check2;
ALTER TABLE production_change
  ADD CONSTRAINT production_change_kind_check CHECK (kind IN ('promotion', 'rollback', 'retirement', 'automatic')),
  ADD CONSTRAINT people_signed_or_windows_say CHECK (
    (envelope IS NULL) = (kind IN ('promotion', 'automatic')) AND (cardinality(windows) > 0) = (kind = 'automatic'));

CREATE FUNCTION say_follow_ups() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  NEW.follow_ups := public.follow_ups_of(NEW.kind);
  RETURN NEW;
END $$;
CREATE TRIGGER say_follow_ups BEFORE INSERT ON production_change FOR EACH ROW EXECUTE FUNCTION say_follow_ups();

-- A step that has nothing to do here, such as drawing on dashboards that nobody has configured, is skipped and says so.
ALTER TABLE follow_up DROP CONSTRAINT follow_up_outcome_check;
ALTER TABLE follow_up ADD CONSTRAINT follow_up_outcome_check CHECK (outcome IN ('done', 'failed', 'skipped'));

-- A window of a version in service belongs to the change that put it there, one of staging to its attempt.
ALTER TABLE performance_window ALTER COLUMN promotion_id DROP NOT NULL, ALTER COLUMN earned_ms DROP NOT NULL,
  ADD COLUMN change_key text REFERENCES production_change (key),
  ADD COLUMN severity text CHECK (severity IN ('none', 'info', 'warning', 'critical', 'rollback')),
  ADD COLUMN figures text, -- canonical JSON: what was measured and what was found of it
  ADD COLUMN seen_at timestamptz,
  ADD CONSTRAINT of_staging_or_of_a_change CHECK ((promotion_id IS NULL) <> (change_key IS NULL)
    AND (earned_ms IS NULL) = (promotion_id IS NULL) AND (change_key IS NULL OR (severity IS NOT NULL AND figures IS NOT NULL)));
ALTER TABLE performance_window ALTER COLUMN seen_at SET DEFAULT clock_timestamp();
CREATE INDEX latest_live_window ON performance_window (change_key, id DESC) WHERE change_key IS NOT NULL;

-- When a window was seen, nobody says: one from the future would stand for every look until then, and hide that nobody looks.
CREATE FUNCTION seen_now() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  NEW.seen_at := clock_timestamp();
  IF NEW.change_key IS NOT NULL
     AND NEW.to_at NOT BETWEEN public.gatehouse_now() - interval '1 minute' AND public.gatehouse_now() THEN
    RAISE EXCEPTION 'a window of a version in service ends when it is recorded' USING ERRCODE = 'GH002';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER seen_now BEFORE INSERT ON performance_window FOR EACH ROW EXECUTE FUNCTION seen_now();

-- Incidents of versions in service, a row for each change of one; the last row of an incident counts.
CREATE TABLE incident (
  seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  id text NOT NULL,
  model_id integer NOT NULL,
  version text NOT NULL,
  change_key text NOT NULL REFERENCES production_change (key),
  condition text NOT NULL CHECK (condition IN
    ('accuracy', 'error-rate', 'latency', 'drift', 'concept-drift', 'source', 'watch', 'no-rollback')),
  change text NOT NULL CHECK (change IN ('opened', 'rose', 'closed')),
  severity text NOT NULL CHECK (severity IN ('info', 'warning', 'critical', 'rollback')),
  what text NOT NULL,
  at timestamptz NOT NULL,
  FOREIGN KEY (model_id, version) REFERENCES model_version_detail
);
CREATE UNIQUE INDEX incident_opens_once ON incident (id) WHERE change = 'opened';
CREATE UNIQUE INDEX incident_closes_once ON incident (id) WHERE change = 'closed';
CREATE UNIQUE INDEX incident_rises_once_to ON incident (id, severity) WHERE change <> 'closed';
CREATE INDEX incident_by_change ON incident (change_key, seq);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON incident FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
GRANT INSERT ON incident TO gatehouse_worker;

-- The version that an automatic rollback left is quarantined by nobody's act.
ALTER TABLE quarantine ALTER COLUMN person DROP NOT NULL, ALTER COLUMN envelope DROP NOT NULL,
  ADD COLUMN change_key text REFERENCES production_change (key) DEFERRABLE INITIALLY DEFERRED,
  ADD CONSTRAINT by_an_act_or_a_change CHECK ((envelope IS NULL) = (person IS NULL) AND (envelope IS NULL) <> (change_key IS NULL)
    AND (quarantined OR envelope IS NOT NULL));
DROP TRIGGER accepted_act ON quarantine;
CREATE CONSTRAINT TRIGGER accepted_act AFTER INSERT ON quarantine DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW WHEN (NEW.envelope IS NOT NULL) EXECUTE FUNCTION stands_on_accepted_act('person', 'release', 'rollback');

CREATE FUNCTION stands_on_automatic_rollback() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM public.production_change WHERE key = NEW.change_key AND kind = 'automatic'
                   AND model_id = NEW.model_id AND from_version = NEW.version) THEN
    RAISE EXCEPTION 'no automatic rollback % of %', NEW.change_key, NEW.version USING ERRCODE = 'GH002';
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER automatic_rollback AFTER INSERT ON quarantine DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW WHEN (NEW.envelope IS NULL) EXECUTE FUNCTION stands_on_automatic_rollback();

-- The policy by which a version in service is judged: that of its newest attempt.
CREATE FUNCTION serving_policy(p_model integer, p_version text) RETURNS jsonb LANGUAGE sql STABLE
  SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT pol.effective::jsonb FROM public.promotion p JOIN public.policy pol ON pol.seq = p.policy_seq
   WHERE p.model_id = p_model AND p.version = p_version ORDER BY p.attempt DESC LIMIT 1
$$;

-- Whether the figures of a window bear out that a condition is beyond its rollback limit: what was found of them says so, and for
-- error rate and response time they are counted again.
CREATE FUNCTION bears_out(p_figures jsonb, p_condition text, p_policy jsonb) RETURNS boolean LANGUAGE sql STABLE
  SET search_path = pg_catalog, pg_temp AS $$
  SELECT coalesce(p_figures -> 'conditions' @> jsonb_build_array(
           jsonb_build_object('condition', p_condition, 'severity', 'rollback', 'known', true)), false)
     AND coalesce(CASE p_condition
       WHEN 'error-rate' THEN (p_figures #>> '{service,value,errors}')::float8 / nullif((p_figures #>> '{service,value,requests}')::float8, 0)
                            > (p_policy #>> '{rollback,error_rate}')::float8
       WHEN 'latency' THEN (p_figures #>> '{service,value,latency,p95}')::float8 > (p_policy #>> '{rollback,latency_p95}')::float8
       ELSE (p_figures #>> '{labels,known}')::boolean END, false)
$$;

-- Takes the version in production back to an older one because of what was recorded of it: the newest windows, as many as its policy
-- says, all breach a rollback limit, and the newest is no older than two intervals. Nobody signs it, so nothing else allows it.
CREATE FUNCTION change_production_automatic(p_key text, p_model text, p_expected text, p_to text, p_windows bigint[], p_reason text,
                                            p_record text, p_retention_years integer, p_audit text) RETURNS text
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  model integer;
  before public.production_change%ROWTYPE;
  target public.model_version_detail%ROWTYPE;
  policy jsonb;
  every interval;
  moment timestamptz;
BEGIN
  SELECT id INTO STRICT model FROM public.model_registry WHERE name = p_model FOR UPDATE;
  IF EXISTS (SELECT FROM public.production_change WHERE key = p_key) THEN
    RETURN 'already';
  END IF;
  SELECT * INTO before FROM public.production_change WHERE model_id = model ORDER BY seq DESC LIMIT 1;
  IF before.to_version IS DISTINCT FROM p_expected OR p_key IS DISTINCT FROM 'automatic/' || before.seq
     OR NOT EXISTS (SELECT FROM public.model_version_detail
                     WHERE model_id = model AND version = p_expected AND status = 'production') THEN
    RAISE EXCEPTION 'production is %, not % as change % put it there', coalesce(before.to_version, 'none'), p_expected, p_key
      USING ERRCODE = 'GH001';
  END IF;
  policy := public.serving_policy(model, p_expected);
  every := (policy #>> '{watch,every}')::bigint * interval '1 millisecond';
  moment := public.gatehouse_now();
  IF p_windows IS DISTINCT FROM (SELECT array_agg(id ORDER BY id DESC) FROM (
       SELECT id FROM public.performance_window WHERE change_key = before.key
        ORDER BY id DESC LIMIT (policy #>> '{rollback,windows}')::integer) AS newest)
     OR cardinality(p_windows) IS DISTINCT FROM (policy #>> '{rollback,windows}')::integer THEN
    RAISE EXCEPTION 'these are not the newest windows of %', p_expected USING ERRCODE = 'GH001';
  END IF;
  IF EXISTS (SELECT FROM public.performance_window WHERE id = ANY (p_windows)
               AND (severity <> 'rollback' OR NOT public.bears_out(figures::jsonb, p_audit::jsonb #>> '{detail,condition}', policy)))
     OR NOT EXISTS (SELECT FROM public.performance_window
                     WHERE id = p_windows[1] AND seen_at >= clock_timestamp() - 2 * every) THEN
    RAISE EXCEPTION 'no recent windows that breach a rollback limit' USING ERRCODE = 'GH002';
  END IF;
  IF before.kind = 'automatic' AND moment < before.at + (policy #>> '{rollback,cooldown}')::bigint * interval '1 millisecond' THEN
    RAISE EXCEPTION 'another automatic rollback within the cool-down takes a person' USING ERRCODE = 'GH002';
  END IF;
  IF p_retention_years < 1 THEN
    RAISE EXCEPTION 'the retention is at least one calendar year' USING ERRCODE = 'GH002';
  END IF;
  SELECT * INTO target FROM public.model_version_detail WHERE model_id = model AND version = p_to FOR UPDATE;
  IF target.status IS DISTINCT FROM 'archived'
     OR NOT EXISTS (SELECT FROM public.production_change WHERE model_id = model AND to_version = p_to)
     OR (SELECT quarantined FROM public.quarantine WHERE model_id = model AND version = p_to ORDER BY seq DESC LIMIT 1) THEN
    RAISE EXCEPTION '% was never in production, is not archived, or is quarantined', p_to USING ERRCODE = 'GH002';
  END IF;

  UPDATE public.model_version_detail
    SET status = 'archived', deprecated_at = moment, retention_until = moment + make_interval(years => p_retention_years)
    WHERE model_id = model AND status = 'production';
  UPDATE public.promotion SET state = 'archived', ended_at = moment, end_reason = p_reason
    WHERE model_id = model AND state = 'production';
  UPDATE public.model_version_detail
    SET status = 'production', promoted_at = moment, deprecated_at = NULL, retention_until = NULL
    WHERE model_id = model AND version = p_to;
  INSERT INTO public.production_change (key, kind, model_id, from_version, to_version, decisions, rechecks, windows, record, at)
    VALUES (p_key, 'automatic', model, p_expected, p_to, '{}', '{}', p_windows, p_record, moment);
  INSERT INTO public.quarantine (model_id, version, quarantined, reason, change_key, at)
    VALUES (model, p_expected, true, p_reason, p_key, moment);
  PERFORM public.audit_says(p_audit, 'production.changed', p_key, p_expected, p_to);
  PERFORM public.append_audit(p_audit);
  RETURN 'done';
END $$;
GRANT EXECUTE ON FUNCTION change_production_automatic(text, text, text, text, bigint[], text, text, integer, text) TO gatehouse_worker;

-- Opens the review of how a version does in production, due after as long as its policy says; once for each promotion.
CREATE FUNCTION open_performance_review(p_promotion text, p_audit text) RETURNS void
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  event jsonb := p_audit::jsonb;
  opened public.review%ROWTYPE;
  policy jsonb;
  moment timestamptz;
BEGIN
  SELECT pol.effective::jsonb, c.at INTO STRICT policy, moment
    FROM public.promotion p JOIN public.policy pol ON pol.seq = p.policy_seq
    JOIN public.production_change c ON c.promotion_id = p.id WHERE p.id = p_promotion;
  INSERT INTO public.review (id, kind, subject, owner_group, due_at, opened_at, envelopes)
    VALUES ('performance/' || p_promotion, 'performance', p_promotion, policy #>> '{reminders,escalation}',
            moment + coalesce((policy #>> '{reviews,performance}')::bigint, 2592000000) * interval '1 millisecond',
            (event ->> 'at')::timestamptz, '{}')
    RETURNING * INTO opened;
  IF event ->> 'action' IS DISTINCT FROM 'review.opened' OR event ->> 'subject' IS DISTINCT FROM p_promotion
     OR event -> 'detail' ->> 'review' IS DISTINCT FROM opened.id OR event -> 'detail' ->> 'owner' IS DISTINCT FROM opened.owner_group
     OR (event -> 'detail' ->> 'dueAt')::timestamptz IS DISTINCT FROM opened.due_at THEN
    RAISE EXCEPTION 'the audit event does not describe this review' USING ERRCODE = 'GH002';
  END IF;
  PERFORM public.append_audit(p_audit);
END $$;
GRANT EXECUTE ON FUNCTION open_performance_review(text, text) TO gatehouse_worker;

-- Rules §1: a version goes into production with drift monitoring configured. What a look at staging found of that: '' where it is,
-- else why it is not; null for windows that nobody looked for.
ALTER TABLE performance_window ADD COLUMN monitoring text;
