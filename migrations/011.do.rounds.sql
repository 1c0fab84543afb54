-- Rounds that the record itself opens: what was approved is no longer what is there. A round that `repin` opened has no row here.
CREATE TABLE round_opened (
  promotion_id text NOT NULL REFERENCES promotion,
  round integer NOT NULL CHECK (round > 1),
  reason text NOT NULL CHECK (reason IN ('artifact changed', 'evidence changed', 'policy changed', 'soak restarted')),
  what text NOT NULL,
  at timestamptz NOT NULL,
  PRIMARY KEY (promotion_id, round)
);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON round_opened
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Opens a new round of an attempt in staging. A round takes approvals away, so there is none over a round without any: whatever
-- happens to a version, it opens no more rounds than people have approved.
CREATE FUNCTION open_round(p_promotion text, p_reason text, p_audit text) RETURNS integer
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  attempt public.promotion%ROWTYPE;
  event jsonb := p_audit::jsonb;
BEGIN
  PERFORM 1 FROM public.model_registry m JOIN public.promotion p ON p.model_id = m.id WHERE p.id = p_promotion FOR UPDATE OF m;
  SELECT * INTO STRICT attempt FROM public.promotion WHERE id = p_promotion FOR UPDATE;
  IF attempt.state <> 'staging' THEN
    RAISE EXCEPTION 'the attempt is %, not staging', attempt.state USING ERRCODE = 'GH001';
  END IF;
  IF NOT EXISTS (SELECT FROM public.decision WHERE promotion_id = p_promotion AND round = attempt.round AND decision = 'approve') THEN
    RAISE EXCEPTION 'nobody has approved anything in round %', attempt.round USING ERRCODE = 'GH002';
  END IF;
  IF event -> 'detail' ->> 'reason' IS DISTINCT FROM p_reason OR event -> 'detail' ->> 'what' IS NULL THEN
    RAISE EXCEPTION 'the audit event does not describe this round' USING ERRCODE = 'GH002';
  END IF;
  UPDATE public.promotion SET round = attempt.round + 1 WHERE id = p_promotion;
  INSERT INTO public.round_opened (promotion_id, round, reason, what, at)
    VALUES (p_promotion, attempt.round + 1, p_reason, event -> 'detail' ->> 'what', public.gatehouse_now());
  PERFORM public.audit_says(p_audit, 'round.opened', p_promotion, attempt.round::text, (attempt.round + 1)::text);
  PERFORM public.append_audit(p_audit);
  RETURN attempt.round + 1;
END $$;

GRANT EXECUTE ON FUNCTION open_round(text, text, text) TO gatehouse_worker;
