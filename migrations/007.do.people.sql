-- People who are who they say: enrolled by two administrators, with every key they ever had, or by their account of an identity provider.
ALTER TABLE person
  ALTER COLUMN kid DROP NOT NULL,
  ALTER COLUMN public_key DROP NOT NULL,
  DROP CONSTRAINT person_assurance_check,
  ADD CONSTRAINT person_assurance_check CHECK (assurance IN ('demo', 'enrolled', 'oidc')),
  ADD COLUMN issuer text,
  ADD COLUMN subject text,
  ADD COLUMN key_since timestamptz DEFAULT gatehouse_now(),
  -- What they decided before this no longer stands: their key was in other hands, or they were revoked and came back.
  ADD COLUMN stands_since timestamptz NOT NULL DEFAULT gatehouse_now(),
  ADD CONSTRAINT one_account UNIQUE (issuer, subject),
  ADD CONSTRAINT key_or_account CHECK ((kid IS NULL) = (public_key IS NULL) AND (issuer IS NULL) = (subject IS NULL)
                                       AND (kid IS NOT NULL OR issuer IS NOT NULL));
UPDATE person SET key_since = enrolled_at, stands_since = enrolled_at;

-- Rules §3: one human is one person. An address and the same with a +tag are one mailbox.
CREATE UNIQUE INDEX one_mailbox ON person (regexp_replace(email, '^([^@+]+)\+[^@]*@', '\1@'));

-- Every key that ever was somebody's: no key changes hands, and what was signed with an old one can still be verified.
CREATE TABLE person_key (
  kid text PRIMARY KEY,
  person text NOT NULL REFERENCES person,
  public_key text NOT NULL,
  since timestamptz NOT NULL
);
CREATE INDEX person_key_by_person ON person_key (person, since);
INSERT INTO person_key (kid, person, public_key, since) SELECT kid, email, public_key, enrolled_at FROM person;

CREATE FUNCTION keep_key() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF NEW.kid IS NOT NULL AND (TG_OP = 'INSERT' OR NEW.kid IS DISTINCT FROM OLD.kid) THEN
    INSERT INTO public.person_key (kid, person, public_key, since) VALUES (NEW.kid, NEW.email, NEW.public_key, NEW.key_since);
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER keep_key AFTER INSERT OR UPDATE ON person FOR EACH ROW EXECUTE FUNCTION keep_key();

CREATE FUNCTION keep_address() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.email <> OLD.email THEN
    RAISE EXCEPTION 'a person keeps their address' USING ERRCODE = 'GH002';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER keep_address BEFORE UPDATE ON person FOR EACH ROW EXECUTE FUNCTION keep_address();

-- What one administrator asks for and another completes; what it is about is in the signed act.
CREATE TABLE enrolment (
  seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  envelope text NOT NULL UNIQUE REFERENCES envelope DEFERRABLE INITIALLY DEFERRED,
  email text NOT NULL,
  completes bigint UNIQUE REFERENCES enrolment
);
CREATE INDEX enrolment_by_email ON enrolment (email, seq DESC);

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON person_key FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON enrolment FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Acts about people are judged one at a time: the last administrator is not revoked by two who each see another one left.
INSERT INTO work_lock VALUES ('people');

-- Lock order: people, signer, person, model, the signers of an attempt, audit head. While an act is judged its signer stays
-- who they are; while an attempt is judged, so does everybody who decided in it.
CREATE FUNCTION lock_signer(p_kid text) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
  SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  PERFORM 1 FROM public.person WHERE kid = p_kid FOR SHARE;
END $$;

CREATE FUNCTION lock_person(p_email text) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
  SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  PERFORM 1 FROM public.person WHERE email = p_email FOR UPDATE;
END $$;

CREATE FUNCTION lock_signers(p_promotion text) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
  SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  PERFORM 1 FROM public.person WHERE email IN (SELECT person FROM public.decision WHERE promotion_id = p_promotion)
    ORDER BY email FOR SHARE;
END $$;

-- Whether what somebody decided then still stands, and goes on standing until this transaction ends.
CREATE FUNCTION signer_stands(p_person text, p_received_at timestamptz) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER
  SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  who public.person%ROWTYPE;
BEGIN
  SELECT * INTO who FROM public.person WHERE email = p_person FOR SHARE;
  RETURN who.email IS NOT NULL AND who.revoked_at IS NULL AND p_received_at >= who.stands_since
     AND (who.assurance <> 'demo' OR (SELECT environment FROM public.installation) <> 'production');
END $$;

-- The public key that a request for enrolment is signed with, as canonical JSON; its kid is its RFC 7638 thumbprint.
CREATE FUNCTION key_of_request(p_request text, p_kid text) RETURNS text LANGUAGE plpgsql
  SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  public_key text := format('{"crv":"Ed25519","kty":"OKP","x":"%s"}', public.signed_payload(p_request) ->> 'x');
BEGIN
  IF translate(rtrim(encode(sha256(convert_to(public_key, 'UTF8')), 'base64'), '='), '+/', '-_') IS DISTINCT FROM p_kid THEN
    RAISE EXCEPTION 'key % is not the one of its request', p_kid USING ERRCODE = 'GH002';
  END IF;
  RETURN public_key;
END $$;

-- An accepted act about people; nobody decides about themselves but by rotating their own key.
CREATE FUNCTION act_about_people(p_envelope text, p_act text) RETURNS public.envelope LANGUAGE plpgsql
  SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  found public.envelope%ROWTYPE;
BEGIN
  SELECT * INTO found FROM public.envelope WHERE hash = p_envelope;
  IF found.accepted IS NOT TRUE OR found.act <> p_act
     OR NOT EXISTS (SELECT FROM public.person WHERE email = found.person AND revoked_at IS NULL) THEN
    RAISE EXCEPTION 'no accepted % with envelope %', p_act, p_envelope USING ERRCODE = 'GH002';
  END IF;
  RETURN found;
END $$;

-- Refuses an audit text that is not about this act on this person, or has them otherwise than they now are.
CREATE FUNCTION audit_has(p_audit text, p_action text, p_envelope text, p_email text) RETURNS void LANGUAGE plpgsql
  SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  event jsonb := p_audit::jsonb;
  detail jsonb := event -> 'detail';
  who public.person%ROWTYPE;
BEGIN
  SELECT * INTO STRICT who FROM public.person WHERE email = p_email;
  IF event ->> 'action' IS DISTINCT FROM p_action OR event ->> 'subject' IS DISTINCT FROM 'person/' || p_email
     OR detail ->> 'envelope' IS DISTINCT FROM p_envelope OR detail ->> 'name' IS DISTINCT FROM who.printed_name
     OR detail -> 'groups' IS DISTINCT FROM to_jsonb(who.groups) OR detail ->> 'key' IS DISTINCT FROM who.kid
     OR coalesce(detail -> 'publicKey', 'null') IS DISTINCT FROM coalesce(who.public_key::jsonb, 'null')
     OR detail ->> 'assurance' IS DISTINCT FROM who.assurance THEN
    RAISE EXCEPTION 'the audit event does not describe this change' USING ERRCODE = 'GH002';
  END IF;
END $$;

-- All times of a person are those of the event, which is made under their lock: what they signed is before or after.
-- Enrols a person, or changes an enrolled one, as two administrators have signed for.
CREATE FUNCTION enrol_person(p_envelope text, p_audit text) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
  SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  half public.enrolment%ROWTYPE;
  first public.envelope%ROWTYPE;
  second public.envelope%ROWTYPE;
  said jsonb;
  field text;
  was public.person%ROWTYPE;
  email text;
  kid text;
  public_key text;
  is_other boolean;
  moment timestamptz := (p_audit::jsonb ->> 'at')::timestamptz;
BEGIN
  SELECT f.* INTO half FROM public.enrolment s JOIN public.enrolment f ON f.seq = s.completes WHERE s.envelope = p_envelope;
  IF half.seq IS NULL OR half.completes IS NOT NULL THEN
    RAISE EXCEPTION 'no first half for envelope %', p_envelope USING ERRCODE = 'GH002';
  END IF;
  first := public.act_about_people(half.envelope, 'enrol');
  IF first.received_at < public.gatehouse_now() - interval '7 days' THEN
    RAISE EXCEPTION 'the first half for envelope % has expired', p_envelope USING ERRCODE = 'GH002';
  END IF;
  second := public.act_about_people(p_envelope, 'enrol');
  said := public.signed_payload(second.jws);
  FOREACH field IN ARRAY ARRAY['email', 'name', 'member_of', 'key', 'request', 'issuer', 'subject', 'same_name'] LOOP
    IF said ->> field IS DISTINCT FROM public.signed_payload(first.jws) ->> field THEN
      RAISE EXCEPTION 'the two administrators have signed for another %', field USING ERRCODE = 'GH002';
    END IF;
  END LOOP;
  email := said ->> 'email';
  IF first.person = second.person OR email IN (first.person, second.person) THEN
    RAISE EXCEPTION 'two administrators other than % enrol %', email, email USING ERRCODE = 'GH002';
  END IF;
  kid := nullif(said ->> 'key', '');
  SELECT * INTO was FROM public.person p WHERE p.email = said ->> 'email' FOR UPDATE;
  -- Whose key stays has shown already that they have it.
  public_key := CASE WHEN kid IS NULL THEN NULL WHEN was.kid = kid THEN was.public_key
                     ELSE public.key_of_request(said ->> 'request', kid) END;
  is_other := was.email IS NULL OR was.revoked_at IS NOT NULL OR was.kid IS DISTINCT FROM kid
    OR was.issuer IS DISTINCT FROM nullif(said ->> 'issuer', '') OR was.subject IS DISTINCT FROM nullif(said ->> 'subject', '');
  INSERT INTO public.person AS p (email, printed_name, groups, kid, public_key, issuer, subject, assurance, enrolled_by, enrolled_at,
                                  key_since, stands_since)
    VALUES (email, said ->> 'name', string_to_array(said ->> 'member_of', ','), kid, public_key, nullif(said ->> 'issuer', ''),
            nullif(said ->> 'subject', ''),
            CASE WHEN NOT is_other THEN was.assurance WHEN kid IS NULL THEN 'oidc' ELSE 'enrolled' END,
            first.person || ', ' || second.person, moment, CASE WHEN kid IS NOT NULL THEN moment END, moment)
    ON CONFLICT ON CONSTRAINT person_pkey DO UPDATE
      SET printed_name = excluded.printed_name, groups = excluded.groups, kid = excluded.kid, public_key = excluded.public_key,
          issuer = excluded.issuer, subject = excluded.subject, assurance = excluded.assurance, enrolled_by = excluded.enrolled_by,
          enrolled_at = excluded.enrolled_at, revoked_at = NULL,
          key_since = CASE WHEN p.kid IS NOT DISTINCT FROM excluded.kid THEN p.key_since ELSE excluded.key_since END,
          stands_since = CASE WHEN is_other THEN excluded.stands_since ELSE p.stands_since END;
  PERFORM public.audit_has(p_audit, CASE WHEN was.email IS NULL THEN 'person.enrolled' ELSE 'person.changed' END, p_envelope, email);
  PERFORM public.append_audit(p_audit);
END $$;

-- Puts a new key in the place of a person's own, as signed with the old one: what they decided goes on standing.
CREATE FUNCTION rotate_key(p_envelope text, p_audit text) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
  SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  act public.envelope%ROWTYPE := public.act_about_people(p_envelope, 'rotate');
  said jsonb := public.signed_payload(act.jws);
BEGIN
  UPDATE public.person
    SET kid = said ->> 'key', public_key = public.key_of_request(said ->> 'request', said ->> 'key'), key_since = (p_audit::jsonb ->> 'at')::timestamptz
    WHERE email = act.person AND kid <> said ->> 'key';
  PERFORM public.audit_has(p_audit, 'key.rotated', p_envelope, act.person);
  PERFORM public.append_audit(p_audit);
END $$;

-- Ends what a person may do, and what they decided in attempts that are still open.
CREATE FUNCTION revoke_person(p_envelope text, p_audit text) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
  SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  act public.envelope%ROWTYPE := public.act_about_people(p_envelope, 'revoke');
  who text := public.signed_payload(act.jws) ->> 'email';
BEGIN
  UPDATE public.person SET revoked_at = (p_audit::jsonb ->> 'at')::timestamptz WHERE email = who AND revoked_at IS NULL;
  IF NOT FOUND THEN
    RAISE EXCEPTION '% is nobody who could be revoked', who USING ERRCODE = 'GH002';
  END IF;
  PERFORM public.audit_has(p_audit, 'person.revoked', p_envelope, who);
  PERFORM public.append_audit(p_audit);
END $$;

GRANT INSERT (envelope, email, completes) ON enrolment TO gatehouse_worker;
GRANT EXECUTE ON FUNCTION lock_signer(text), lock_person(text), lock_signers(text), signer_stands(text, timestamptz), enrol_person(text, text), rotate_key(text, text),
  revoke_person(text, text) TO gatehouse_worker;
