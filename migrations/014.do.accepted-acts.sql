-- What stands on a signed act stands on an accepted one, of the table's kind and by the same person. Asked when the transaction
-- ends: the envelope is written after what it does. The first argument names the column of the person, '' where there is none.
CREATE FUNCTION stands_on_accepted_act() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  written jsonb := to_jsonb(NEW);
BEGIN
  IF NOT EXISTS (SELECT FROM public.envelope
                  WHERE hash = written ->> 'envelope' AND accepted AND act = ANY (TG_ARGV[1:])
                    AND act = coalesce(written ->> 'kind', act)
                    AND (TG_ARGV[0] = '' OR person = written ->> TG_ARGV[0])) THEN
    RAISE EXCEPTION 'no accepted % of this person with envelope %', array_to_string(TG_ARGV[1:], ' or '), written ->> 'envelope'
      USING ERRCODE = 'GH002';
  END IF;
  RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER accepted_act AFTER INSERT ON policy DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION stands_on_accepted_act('', 'policy');
CREATE CONSTRAINT TRIGGER accepted_act AFTER INSERT ON feature_view DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION stands_on_accepted_act('', 'feature-view');
CREATE CONSTRAINT TRIGGER accepted_act AFTER INSERT ON dataset DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION stands_on_accepted_act('', 'dataset');
CREATE CONSTRAINT TRIGGER accepted_act AFTER INSERT ON model_version_detail DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION stands_on_accepted_act('registered_by', 'register');
CREATE CONSTRAINT TRIGGER accepted_act AFTER INSERT ON promotion DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION stands_on_accepted_act('requested_by', 'request');
CREATE CONSTRAINT TRIGGER accepted_act AFTER INSERT ON decision DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION stands_on_accepted_act('person', 'decision');
CREATE CONSTRAINT TRIGGER accepted_act AFTER INSERT ON soak_act DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION stands_on_accepted_act('person', 'extend', 'pause', 'resume');
CREATE CONSTRAINT TRIGGER accepted_act AFTER INSERT ON break_glass DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION stands_on_accepted_act('person', 'break-glass');
CREATE CONSTRAINT TRIGGER accepted_act AFTER INSERT ON switch DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION stands_on_accepted_act('person', 'freeze', 'hold');
CREATE CONSTRAINT TRIGGER accepted_act AFTER INSERT ON quarantine DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION stands_on_accepted_act('person', 'release', 'rollback');
CREATE CONSTRAINT TRIGGER accepted_act AFTER INSERT ON enrolment DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION stands_on_accepted_act('', 'enrol');
