-- The keys of identity providers that tokens were verified with: providers change theirs, and a signature is verified for years.
CREATE TABLE identity_key (
  issuer text NOT NULL,
  audience text NOT NULL,
  kid text NOT NULL,
  thumbprint text NOT NULL,
  jwk text NOT NULL,
  first_seen timestamptz NOT NULL,
  PRIMARY KEY (issuer, audience, kid, thumbprint)
);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON identity_key
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
GRANT INSERT ON identity_key TO gatehouse_worker;

-- A login that somebody's enrolment or change of groups stands on: the ID token, by the SHA-256 of its text.
CREATE TABLE login (
  hash text PRIMARY KEY,
  id_token text NOT NULL,
  CONSTRAINT hash_is_of_the_token CHECK (hash = encode(sha256(convert_to(id_token, 'UTF8')), 'hex'))
);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON login FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- One login signs one act: what follows the first ~ could be another text that proves the same (ECDSA has two of each signature).
CREATE UNIQUE INDEX one_act_for_a_login ON envelope (sha256((split_part(jws, '.', 1) || '.' || split_part(jws, '.', 2))::bytea))
  WHERE accepted AND strpos(jws, '~') > 0;

-- While an act is judged that somebody signed by a login, they stay who they are (lock order as in 007: signer).
CREATE FUNCTION lock_account(p_issuer text, p_subject text) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
  SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  PERFORM 1 FROM public.person WHERE issuer = p_issuer AND subject = p_subject FOR SHARE;
END $$;

-- Puts on the record whom a provider's login is by, or the groups that they have by it now; who may be, the worker has judged.
CREATE FUNCTION admit_account(p_login text, p_audit text) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
  SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  claims jsonb := public.signed_payload((SELECT id_token FROM public.login WHERE hash = p_login));
  event jsonb := p_audit::jsonb;
  detail jsonb := event -> 'detail';
  moment timestamptz := (event ->> 'at')::timestamptz;
  account text := lower(claims ->> 'email');
  said jsonb := claims -> (detail ->> 'claim');
  member_of text[] := ARRAY(SELECT jsonb_array_elements_text(detail -> 'groups'));
BEGIN
  IF claims IS NULL OR detail ->> 'login' IS DISTINCT FROM p_login
     OR NOT EXISTS (SELECT FROM public.identity_key WHERE issuer = claims ->> 'iss') THEN
    RAISE EXCEPTION 'no login % on the record', p_login USING ERRCODE = 'GH002';
  END IF;
  IF said IS NULL OR cardinality(member_of) <> (SELECT count(DISTINCT name) FROM unnest(member_of) AS name)
     OR NOT (said @> (detail -> 'groups') OR said = to_jsonb(member_of[1])) OR NOT (to_jsonb(member_of) @> said) THEN
    RAISE EXCEPTION 'the login has other groups' USING ERRCODE = 'GH002';
  END IF;
  CASE event ->> 'action'
    WHEN 'person.enrolled' THEN
      INSERT INTO public.person (email, printed_name, groups, issuer, subject, assurance, enrolled_by, enrolled_at, key_since, stands_since)
      VALUES (account, btrim(claims ->> 'name'), member_of, claims ->> 'iss', claims ->> 'sub', 'oidc', claims ->> 'iss', moment, NULL, moment);
    WHEN 'person.regrouped' THEN
      UPDATE public.person SET groups = member_of
        WHERE email = account AND issuer = claims ->> 'iss' AND subject = claims ->> 'sub' AND assurance = 'oidc' AND revoked_at IS NULL;
      IF NOT FOUND THEN
        RAISE EXCEPTION 'the login is nobody''s on the record' USING ERRCODE = 'GH002';
      END IF;
  END CASE;
  PERFORM public.audit_has(p_audit, event ->> 'action', NULL, account);
  PERFORM public.append_audit(p_audit);
END $$;

GRANT INSERT ON login TO gatehouse_worker;
GRANT EXECUTE ON FUNCTION lock_account(text, text), admit_account(text, text) TO gatehouse_worker;
