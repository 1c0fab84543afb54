-- What two people signed to skip a wait: each row is one of the two, and they are together once both are there.
CREATE TABLE break_glass (
  seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  envelope text NOT NULL UNIQUE REFERENCES envelope DEFERRABLE INITIALLY DEFERRED,
  promotion_id text NOT NULL REFERENCES promotion,
  round integer NOT NULL,
  skip text NOT NULL CHECK (skip IN ('soak', 'freeze', 'both')),
  person text NOT NULL REFERENCES person,
  reason text NOT NULL,
  completes text REFERENCES break_glass (envelope), -- the first signature, where this is the second
  at timestamptz NOT NULL
);
CREATE INDEX break_glass_by_promotion ON break_glass (promotion_id, seq);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON break_glass
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- What people owe a look afterwards; the production change that makes one due writes it.
CREATE TABLE review (
  id text PRIMARY KEY,
  kind text NOT NULL,
  subject text NOT NULL,
  owner_group text NOT NULL,
  due_at timestamptz NOT NULL,
  opened_at timestamptz NOT NULL,
  envelopes text[] NOT NULL, -- the signed acts that made it due
  closed_at timestamptz,
  closed_by text REFERENCES person,
  closed_envelope text REFERENCES envelope DEFERRABLE INITIALLY DEFERRED,
  note text,
  CHECK ((closed_at IS NULL) = (closed_by IS NULL) AND (closed_at IS NULL) = (note IS NULL))
);
CREATE INDEX review_by_subject ON review (subject);
CREATE INDEX review_open ON review (due_at) WHERE closed_at IS NULL;
CREATE TRIGGER never_deleted BEFORE DELETE OR TRUNCATE ON review
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- The signed acts by which a wait was skipped; empty where none was.
ALTER TABLE production_change ADD COLUMN break_glass text[] NOT NULL DEFAULT '{}',
  ADD CHECK (kind = 'promotion' OR break_glass = '{}');

-- Whether what serves of a model is not what the record says, so that nothing more may be changed.
CREATE FUNCTION is_held(p_model integer) RETURNS boolean LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT false
$$;

-- The waits that a promotion may skip by these signatures, of 'soak' and 'freeze'; refuses any that do not count.
CREATE FUNCTION glass_skips(p_promotion text, p_envelopes text[]) RETURNS text[] LANGUAGE plpgsql
  SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  attempt public.promotion%ROWTYPE;
  good integer;
  pairs integer;
BEGIN
  IF coalesce(cardinality(p_envelopes), 0) = 0 THEN
    RETURN '{}';
  END IF;
  SELECT * INTO STRICT attempt FROM public.promotion WHERE id = p_promotion;
  WITH counting AS (
    SELECT b.skip, b.person, b.at
      FROM public.break_glass b JOIN public.envelope e ON e.hash = b.envelope
      JOIN public.model_version_detail v ON v.model_id = attempt.model_id AND v.version = attempt.version
      JOIN public.policy pol ON pol.seq = attempt.policy_seq
      CROSS JOIN LATERAL public.signed_payload(e.jws) AS signed
     WHERE b.envelope = ANY (p_envelopes) AND e.accepted AND e.act = 'break-glass' AND e.person = b.person
       AND b.promotion_id = p_promotion AND b.round = attempt.round AND public.signer_stands(b.person, b.at)
       AND signed ->> 'person' = b.person AND signed ->> 'promotion' = p_promotion AND signed ->> 'round' = attempt.round::text
       AND signed ->> 'skip' = b.skip AND signed ->> 'artifact_digest' = v.artifact_digest
       AND signed ->> 'policy_digest' = pol.digest
       AND b.person <> v.registered_by
       AND b.person NOT IN (SELECT requested_by FROM public.promotion
                             WHERE model_id = attempt.model_id AND version = attempt.version)
  ), paired AS (
    SELECT skip FROM counting GROUP BY skip
    HAVING count(*) = 2 AND count(DISTINCT person) = 2 AND max(at) - min(at) <= interval '24 hours'
  )
  SELECT (SELECT count(*) FROM counting), (SELECT count(*) FROM paired) INTO good, pairs;
  IF good <> cardinality(p_envelopes) OR pairs * 2 <> good THEN
    RAISE EXCEPTION 'a break-glass takes accepted signatures of this round by two people, none the requester or registrar'
      USING ERRCODE = 'GH002';
  END IF;
  -- It skips a wait, not the health of what has waited.
  IF (SELECT verdict FROM public.performance_window WHERE promotion_id = p_promotion ORDER BY id DESC LIMIT 1)
     IS DISTINCT FROM 'healthy' THEN
    RAISE EXCEPTION 'a break-glass takes a healthy last look at staging' USING ERRCODE = 'GH002';
  END IF;
  RETURN (SELECT array_agg(DISTINCT wait) FROM public.break_glass b
            CROSS JOIN LATERAL unnest(CASE b.skip WHEN 'both' THEN ARRAY['soak', 'freeze'] ELSE ARRAY[b.skip] END) AS wait
           WHERE b.envelope = ANY (p_envelopes));
END $$;

DROP FUNCTION change_production(text, text, text, text[], bigint[], text, integer, text);
CREATE FUNCTION change_production(p_key text, p_promotion text, p_expected text, p_decisions text[], p_rechecks bigint[],
                                  p_record text, p_retention_years integer, p_audit text, p_break_glass text[] DEFAULT '{}') RETURNS text
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  attempt public.promotion%ROWTYPE;
  candidate public.model_version_detail%ROWTYPE;
  serving text;
  moment timestamptz;
  soak_min_ms bigint;
  good integer;
  skips text[];
BEGIN
  PERFORM 1 FROM public.model_registry m JOIN public.promotion p ON p.model_id = m.id WHERE p.id = p_promotion FOR UPDATE OF m;
  IF p_key <> 'promotion/' || p_promotion THEN
    RAISE EXCEPTION 'key % is not that of promotion %', p_key, p_promotion USING ERRCODE = 'GH002';
  END IF;
  IF EXISTS (SELECT FROM public.production_change WHERE key = p_key) THEN
    RETURN 'already';
  END IF;
  SELECT * INTO STRICT attempt FROM public.promotion WHERE id = p_promotion FOR UPDATE;
  SELECT * INTO STRICT candidate FROM public.model_version_detail
    WHERE model_id = attempt.model_id AND version = attempt.version FOR UPDATE;
  SELECT version INTO serving FROM public.model_version_detail
    WHERE model_id = attempt.model_id AND status = 'production' FOR UPDATE;
  IF serving IS DISTINCT FROM p_expected THEN
    RAISE EXCEPTION 'production is %, not %', coalesce(serving, 'none'), coalesce(p_expected, 'none') USING ERRCODE = 'GH001';
  END IF;
  IF attempt.state <> 'staging' OR candidate.status <> 'staging' THEN
    RAISE EXCEPTION 'the version is %, the attempt %, not staging', candidate.status, attempt.state USING ERRCODE = 'GH001';
  END IF;
  IF p_retention_years < 1 THEN
    RAISE EXCEPTION 'the retention is at least one calendar year' USING ERRCODE = 'GH002';
  END IF;

  SELECT count(*) INTO good FROM public.decision d JOIN public.envelope e ON e.hash = d.envelope
    WHERE d.envelope = ANY (p_decisions) AND e.accepted AND d.decision = 'approve' AND public.signer_stands(d.person, d.received_at)
      AND d.promotion_id = p_promotion AND d.round = attempt.round
      AND d.person <> candidate.registered_by
      AND d.person NOT IN (SELECT requested_by FROM public.promotion WHERE model_id = attempt.model_id AND version = attempt.version);
  IF good <> cardinality(p_decisions)
     OR (SELECT count(DISTINCT d.person) FROM public.decision d WHERE d.envelope = ANY (p_decisions)) <> good
     OR (SELECT count(DISTINCT d.gate) FROM public.decision d WHERE d.envelope = ANY (p_decisions)) <> 4 THEN
    RAISE EXCEPTION 'four gates need accepted approvals of this round by different people, none the requester or registrar'
      USING ERRCODE = 'GH002';
  END IF;
  IF EXISTS (SELECT FROM public.decision WHERE promotion_id = p_promotion AND round = attempt.round AND decision = 'reject') THEN
    RAISE EXCEPTION 'a gate has rejected' USING ERRCODE = 'GH002';
  END IF;

  IF NOT public.round_passed(p_promotion, attempt.round) THEN
    RAISE EXCEPTION 'not every check of this round has passed' USING ERRCODE = 'GH002';
  END IF;
  IF (SELECT kind FROM public.soak_act WHERE promotion_id = p_promotion AND kind <> 'extend' ORDER BY seq DESC LIMIT 1) = 'pause' THEN
    RAISE EXCEPTION 'the attempt is paused' USING ERRCODE = 'GH002';
  END IF;
  IF public.is_held(attempt.model_id) THEN
    RAISE EXCEPTION 'the model is held' USING ERRCODE = 'GH002';
  END IF;
  skips := public.glass_skips(p_promotion, p_break_glass);
  IF public.is_frozen(attempt.model_id) AND NOT 'freeze' = ANY (skips) THEN
    RAISE EXCEPTION 'promotions are frozen' USING ERRCODE = 'GH002';
  END IF;

  moment := public.gatehouse_now();
  SELECT (effective::jsonb #>> '{soak,min}')::bigint INTO STRICT soak_min_ms FROM public.policy WHERE seq = attempt.policy_seq;
  -- Earned time is never more than time that has passed.
  IF moment < attempt.staged_at + soak_min_ms * interval '1 millisecond' AND NOT 'soak' = ANY (skips) THEN
    RAISE EXCEPTION 'the soak minimum cannot be over before %', attempt.staged_at + soak_min_ms * interval '1 millisecond'
      USING ERRCODE = 'GH002';
  END IF;
  SELECT count(DISTINCT r.check_name) INTO good FROM public.check_result r
    WHERE r.id = ANY (p_rechecks) AND r.phase = 'recheck' AND r.promotion_id = p_promotion AND r.verdict IN ('pass', 'skipped')
      AND r.at BETWEEN moment - interval '10 minutes' AND moment AND r.against_version IS NOT DISTINCT FROM serving
      AND r.check_name IN ('artifacts', 'feature-schema', 'not-worse-than-production');
  IF good <> 3 THEN
    RAISE EXCEPTION 'the checks that can go stale must have passed in the last ten minutes against today''s production'
      USING ERRCODE = 'GH002';
  END IF;

  -- Archive first: one production version at every instant, also within this transaction.
  UPDATE public.model_version_detail
    SET status = 'archived', deprecated_at = moment, retention_until = moment + make_interval(years => p_retention_years)
    WHERE model_id = attempt.model_id AND status = 'production';
  UPDATE public.promotion SET state = 'archived', ended_at = moment, end_reason = 'replaced by ' || attempt.version
    WHERE model_id = attempt.model_id AND state = 'production';
  UPDATE public.model_version_detail SET status = 'production', promoted_at = moment
    WHERE model_id = attempt.model_id AND version = attempt.version;
  UPDATE public.promotion SET state = 'production' WHERE id = p_promotion;
  INSERT INTO public.production_change (key, kind, model_id, from_version, to_version, promotion_id, decisions, rechecks, break_glass,
                                        record, at)
    VALUES (p_key, 'promotion', attempt.model_id, serving, attempt.version, p_promotion, p_decisions, p_rechecks, p_break_glass,
            p_record, moment);
  IF cardinality(p_break_glass) > 0 THEN
    INSERT INTO public.review (id, kind, subject, owner_group, due_at, opened_at, envelopes)
      SELECT 'break-glass/' || p_promotion, 'break-glass', p_promotion, effective::jsonb #>> '{reminders,escalation}',
             moment + interval '24 hours', moment, p_break_glass
        FROM public.policy WHERE seq = attempt.policy_seq;
  END IF;
  PERFORM public.audit_says(p_audit, 'production.changed', p_promotion, serving, attempt.version);
  PERFORM public.append_audit(p_audit);
  RETURN 'done';
END $$;

GRANT INSERT ON break_glass TO gatehouse_worker;
GRANT EXECUTE ON FUNCTION change_production(text, text, text, text[], bigint[], text, integer, text, text[]) TO gatehouse_worker;
