-- The audit trail: one row per act and per change of state, chained by hashes.
CREATE TABLE audit_event (
  seq bigint PRIMARY KEY,
  at timestamptz NOT NULL,
  action text NOT NULL,
  actor text NOT NULL,
  subject text NOT NULL,
  body text NOT NULL,
  hash bytea NOT NULL CHECK (octet_length(hash) = 32)
);
CREATE INDEX audit_event_by_subject ON audit_event (subject, seq);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_event
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TABLE audit_head (
  only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
  seq bigint NOT NULL,
  hash bytea NOT NULL
);
INSERT INTO audit_head (seq, hash) VALUES (0, decode(repeat('00', 32), 'hex'));

-- Taken last in every transaction (lock order: model, promotion, audit head): the number and time of the next event.
CREATE FUNCTION lock_audit(OUT seq bigint, OUT at timestamptz) LANGUAGE plpgsql SECURITY DEFINER
  SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  SELECT h.seq + 1 INTO seq FROM public.audit_head h FOR UPDATE;
  at := public.gatehouse_now();
END $$;

-- hash = sha256(previous hash || body as UTF-8); the body is kept byte for byte.
CREATE FUNCTION append_audit(p_body text) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER
  SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  event jsonb := p_body::jsonb;
  head public.audit_head%ROWTYPE;
  next_hash bytea;
BEGIN
  SELECT * INTO head FROM public.audit_head FOR UPDATE;
  IF (SELECT array_agg(key ORDER BY key) FROM jsonb_object_keys(event) AS key)
     <> ARRAY['action', 'actor', 'at', 'detail', 'seq', 'subject'] THEN
    RAISE EXCEPTION 'an audit event has exactly seq, at, action, actor, subject, detail' USING ERRCODE = 'GH002';
  END IF;
  IF (event ->> 'seq')::bigint <> head.seq + 1 THEN
    RAISE EXCEPTION 'audit event % does not follow %', event ->> 'seq', head.seq USING ERRCODE = 'GH001';
  END IF;
  IF (event ->> 'at')::timestamptz NOT BETWEEN public.gatehouse_now() - interval '1 minute' AND public.gatehouse_now() THEN
    RAISE EXCEPTION 'an audit event carries the time of the database' USING ERRCODE = 'GH002';
  END IF;
  next_hash := sha256(head.hash || convert_to(p_body, 'UTF8'));
  INSERT INTO public.audit_event (seq, at, action, actor, subject, body, hash)
  VALUES (head.seq + 1, (event ->> 'at')::timestamptz, event ->> 'action', event ->> 'actor', event ->> 'subject', p_body, next_hash);
  UPDATE public.audit_head SET seq = head.seq + 1, hash = next_hash;
  RETURN head.seq + 1;
END $$;
