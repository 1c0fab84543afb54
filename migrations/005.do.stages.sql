-- The only ways in which a stage changes. GH001 = conflict (somebody was faster), GH002 = a fact is missing.
CREATE FUNCTION lock_model(p_model text) RETURNS integer LANGUAGE plpgsql SECURITY DEFINER
  SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  found integer;
BEGIN
  SELECT id INTO found FROM public.model_registry WHERE name = p_model FOR UPDATE;
  RETURN found;
END $$;

-- Refuses an audit text that does not say what is being done.
CREATE FUNCTION audit_says(p_audit text, p_action text, p_subject text, p_from text, p_to text) RETURNS void
  LANGUAGE plpgsql AS $$
DECLARE
  event jsonb := p_audit::jsonb;
BEGIN
  IF event ->> 'action' IS DISTINCT FROM p_action OR event ->> 'subject' IS DISTINCT FROM p_subject
     OR event -> 'detail' ->> 'from' IS DISTINCT FROM p_from OR event -> 'detail' ->> 'to' IS DISTINCT FROM p_to THEN
    RAISE EXCEPTION 'the audit event does not describe this change' USING ERRCODE = 'GH002';
  END IF;
END $$;

CREATE FUNCTION change_stage(p_promotion text, p_from text, p_to text, p_reason text, p_audit text) RETURNS void
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  attempt public.promotion%ROWTYPE;
  current_status text;
  moment timestamptz;
BEGIN
  IF NOT ((p_to = 'validating' AND p_from IN ('registered', 'rejected', 'withdrawn', 'expired'))
       OR (p_from = 'validating' AND p_to IN ('staging', 'rejected'))
       OR (p_from = 'staging' AND p_to IN ('rejected', 'expired', 'withdrawn'))) THEN
    RAISE EXCEPTION '% to % is not a change of stage', p_from, p_to USING ERRCODE = 'GH002';
  END IF;
  PERFORM 1 FROM public.model_registry m JOIN public.promotion p ON p.model_id = m.id WHERE p.id = p_promotion FOR UPDATE OF m;
  SELECT * INTO STRICT attempt FROM public.promotion WHERE id = p_promotion FOR UPDATE;
  SELECT status INTO STRICT current_status FROM public.model_version_detail
    WHERE model_id = attempt.model_id AND version = attempt.version FOR UPDATE;
  IF current_status <> p_from OR attempt.state <> (CASE WHEN p_to = 'validating' THEN 'registered' ELSE p_from END) THEN
    RAISE EXCEPTION 'the version is %, the attempt %, not %', current_status, attempt.state, p_from USING ERRCODE = 'GH001';
  END IF;
  IF p_to = 'staging' AND 5 <> (
       SELECT count(*) FROM public.check_result
        WHERE promotion_id = p_promotion AND round = attempt.round AND phase = 'validation'
          AND check_name IN ('artifacts', 'feature-schema', 'lineage', 'performance', 'not-worse-than-production')
          AND (verdict = 'pass' OR (verdict = 'skipped' AND check_name = 'not-worse-than-production'))) THEN
    RAISE EXCEPTION 'not every check of this round has passed' USING ERRCODE = 'GH002';
  END IF;
  moment := public.gatehouse_now();
  UPDATE public.model_version_detail
    SET status = p_to, staged_at = CASE WHEN p_to = 'staging' THEN moment ELSE staged_at END
    WHERE model_id = attempt.model_id AND version = attempt.version;
  UPDATE public.promotion
    SET state = p_to,
        staged_at = CASE WHEN p_to = 'staging' THEN moment ELSE staged_at END,
        ended_at = CASE WHEN p_to IN ('rejected', 'expired', 'withdrawn') THEN moment END,
        end_reason = CASE WHEN p_to IN ('rejected', 'expired', 'withdrawn') THEN p_reason END
    WHERE id = p_promotion;
  PERFORM public.audit_says(p_audit, 'stage.changed', p_promotion, p_from, p_to);
  PERFORM public.append_audit(p_audit);
END $$;

CREATE FUNCTION change_production(p_key text, p_promotion text, p_expected text, p_decisions text[], p_rechecks bigint[],
                                  p_record text, p_retention_years integer, p_audit text) RETURNS text
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  attempt public.promotion%ROWTYPE;
  candidate public.model_version_detail%ROWTYPE;
  serving text;
  moment timestamptz;
  soak_min_ms bigint;
  good integer;
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
    WHERE d.envelope = ANY (p_decisions) AND e.accepted AND d.decision = 'approve'
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

  moment := public.gatehouse_now();
  SELECT (effective::jsonb #>> '{soak,min}')::bigint INTO STRICT soak_min_ms FROM public.policy WHERE seq = attempt.policy_seq;
  -- Earned time is never more than time that has passed.
  IF moment < attempt.staged_at + soak_min_ms * interval '1 millisecond' THEN
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
  INSERT INTO public.production_change (key, kind, model_id, from_version, to_version, promotion_id, decisions, rechecks, record, at)
    VALUES (p_key, 'promotion', attempt.model_id, serving, attempt.version, p_promotion, p_decisions, p_rechecks, p_record, moment);
  PERFORM public.audit_says(p_audit, 'production.changed', p_promotion, serving, attempt.version);
  PERFORM public.append_audit(p_audit);
  RETURN 'done';
END $$;
