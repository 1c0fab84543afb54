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

-- Whether every automated check of an attempt's round has passed.
CREATE FUNCTION round_passed(p_promotion text, p_round integer) RETURNS boolean LANGUAGE sql STABLE
  SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT 10 = count(*) FROM public.check_result
   WHERE promotion_id = p_promotion AND round = p_round AND phase = 'validation'
     AND check_name IN ('artifacts', 'feature-schema', 'lineage', 'security-scan', 'data-quality', 'performance',
                        'not-worse-than-production', 'latency', 'resources', 'checklist')
     AND (verdict = 'pass' OR (verdict = 'skipped' AND check_name = 'not-worse-than-production'))
$$;

-- Whether somebody holds promotions of a model back, or those of all models.
CREATE FUNCTION is_frozen(p_model integer) RETURNS boolean LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT EXISTS (SELECT FROM (SELECT DISTINCT ON (model_id) is_on FROM public.switch
                               WHERE kind = 'freeze' AND (model_id IS NULL OR model_id = p_model)
                               ORDER BY model_id, seq DESC) AS latest WHERE is_on)
$$;

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
  IF p_to = 'staging' AND NOT public.round_passed(p_promotion, attempt.round) THEN
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

-- Pins another policy to an attempt in staging and opens a new round: what was checked and approved under the old one is void.
CREATE FUNCTION repin(p_promotion text, p_policy_seq bigint, p_from text, p_to text, p_audit text) RETURNS integer
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  attempt public.promotion%ROWTYPE;
BEGIN
  PERFORM 1 FROM public.model_registry m JOIN public.promotion p ON p.model_id = m.id WHERE p.id = p_promotion FOR UPDATE OF m;
  SELECT * INTO STRICT attempt FROM public.promotion WHERE id = p_promotion FOR UPDATE;
  IF attempt.state <> 'staging' THEN
    RAISE EXCEPTION 'the attempt is %, not staging', attempt.state USING ERRCODE = 'GH001';
  END IF;
  IF NOT EXISTS (SELECT FROM public.policy a JOIN public.policy b ON a.seq = attempt.policy_seq AND b.seq = p_policy_seq
                  WHERE a.digest = p_from AND b.digest = p_to AND b.seq > a.seq) THEN
    RAISE EXCEPTION 'policy % is not a later one than the pinned %', p_to, p_from USING ERRCODE = 'GH002';
  END IF;
  UPDATE public.promotion SET policy_seq = p_policy_seq, round = round + 1 WHERE id = p_promotion;
  PERFORM public.audit_says(p_audit, 'promotion.repinned', p_promotion, p_from, p_to);
  PERFORM public.append_audit(p_audit);
  RETURN attempt.round + 1;
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

  IF NOT public.round_passed(p_promotion, attempt.round) THEN
    RAISE EXCEPTION 'not every check of this round has passed' USING ERRCODE = 'GH002';
  END IF;
  IF (SELECT kind FROM public.soak_act WHERE promotion_id = p_promotion AND kind <> 'extend' ORDER BY seq DESC LIMIT 1) = 'pause' THEN
    RAISE EXCEPTION 'the attempt is paused' USING ERRCODE = 'GH002';
  END IF;
  IF public.is_frozen(attempt.model_id) THEN
    RAISE EXCEPTION 'promotions are frozen' USING ERRCODE = 'GH002';
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

-- What an envelope signs, read from its compact JWS.
CREATE FUNCTION signed_payload(p_jws text) RETURNS jsonb LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT convert_from(decode(rpad(body, (length(body) + 3) / 4 * 4, '='), 'base64'), 'UTF8')::jsonb
    FROM translate(split_part(p_jws, '.', 2), '-_', '+/') AS body
$$;

-- Takes a version out of production by a signed act: for an older one (rollback) or for none (retirement).
CREATE FUNCTION change_production_by_hand(p_kind text, p_envelope text, p_model text, p_expected text, p_to text, p_reason text,
                                          p_record text, p_retention_years integer, p_audit text) RETURNS text
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  act public.envelope%ROWTYPE;
  signed jsonb;
  target public.model_version_detail%ROWTYPE;
  change_key text := p_kind || '/' || p_envelope;
  model integer;
  serving text;
  moment timestamptz;
BEGIN
  SELECT id INTO STRICT model FROM public.model_registry WHERE name = p_model FOR UPDATE;
  IF EXISTS (SELECT FROM public.production_change WHERE key = change_key) THEN
    RETURN 'already';
  END IF;
  SELECT * INTO act FROM public.envelope WHERE hash = p_envelope;
  IF act.accepted IS NOT TRUE OR act.act <> (CASE p_kind WHEN 'rollback' THEN 'rollback' WHEN 'retirement' THEN 'retire' END) THEN
    RAISE EXCEPTION 'no accepted % with envelope %', p_kind, p_envelope USING ERRCODE = 'GH002';
  END IF;
  signed := public.signed_payload(act.jws);
  IF signed ->> 'model' IS DISTINCT FROM p_model
     OR (p_kind = 'rollback' AND (signed ->> 'from_version' IS DISTINCT FROM coalesce(p_expected, '')
                                  OR signed ->> 'to_version' IS DISTINCT FROM p_to))
     OR (p_kind = 'retirement' AND signed ->> 'version' IS DISTINCT FROM p_expected) THEN
    RAISE EXCEPTION 'the % that was signed is another one', p_kind USING ERRCODE = 'GH002';
  END IF;
  SELECT version INTO serving FROM public.model_version_detail WHERE model_id = model AND status = 'production' FOR UPDATE;
  IF serving IS DISTINCT FROM p_expected THEN
    RAISE EXCEPTION 'production is %, not %', coalesce(serving, 'none'), coalesce(p_expected, 'none') USING ERRCODE = 'GH001';
  END IF;
  IF p_retention_years < 1 THEN
    RAISE EXCEPTION 'the retention is at least one calendar year' USING ERRCODE = 'GH002';
  END IF;
  IF p_kind = 'rollback' THEN
    SELECT * INTO target FROM public.model_version_detail WHERE model_id = model AND version = p_to FOR UPDATE;
    IF target.status IS DISTINCT FROM 'archived'
       OR NOT EXISTS (SELECT FROM public.production_change WHERE model_id = model AND to_version = p_to)
       OR (SELECT quarantined FROM public.quarantine WHERE model_id = model AND version = p_to ORDER BY seq DESC LIMIT 1) THEN
      RAISE EXCEPTION '% was never in production, is not archived, or is quarantined', p_to USING ERRCODE = 'GH002';
    END IF;
  ELSIF p_kind IS DISTINCT FROM 'retirement' OR p_to IS NOT NULL OR serving IS NULL THEN
    RAISE EXCEPTION 'a retirement leaves production empty' USING ERRCODE = 'GH002';
  END IF;

  moment := public.gatehouse_now();
  UPDATE public.model_version_detail
    SET status = 'archived', deprecated_at = moment, retention_until = moment + make_interval(years => p_retention_years)
    WHERE model_id = model AND status = 'production';
  UPDATE public.promotion SET state = 'archived', ended_at = moment, end_reason = p_reason
    WHERE model_id = model AND state = 'production';
  IF p_kind = 'rollback' THEN
    IF serving IS NOT NULL THEN
      INSERT INTO public.quarantine (model_id, version, quarantined, reason, person, envelope, at)
        VALUES (model, serving, true, p_reason, act.person, p_envelope, moment);
    END IF;
    UPDATE public.model_version_detail
      SET status = 'production', promoted_at = moment, deprecated_at = NULL, retention_until = NULL
      WHERE model_id = model AND version = p_to;
  END IF;
  INSERT INTO public.production_change (key, kind, model_id, from_version, to_version, envelope, decisions, rechecks, record, at)
    VALUES (change_key, p_kind, model, serving, p_to, p_envelope, '{}', '{}', p_record, moment);
  PERFORM public.audit_says(p_audit, 'production.changed', change_key, serving, p_to);
  PERFORM public.append_audit(p_audit);
  RETURN 'done';
END $$;
