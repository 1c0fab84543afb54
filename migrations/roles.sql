-- Run before every migration, and safe to run again: the group roles that logins are granted.
-- Nobody logs in as a group; gatehouse_owner owns every table and function.
DO $$
DECLARE
  wanted text;
BEGIN
  FOREACH wanted IN ARRAY ARRAY['gatehouse_owner', 'gatehouse_worker', 'gatehouse_reader', 'gatehouse_serving'] LOOP
    BEGIN
      IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted) THEN
        EXECUTE format('CREATE ROLE %I NOLOGIN', wanted);
      END IF;
    EXCEPTION WHEN duplicate_object OR unique_violation THEN
      NULL; -- another database of this server was migrated at the same moment
    END;
  END LOOP;
  IF NOT pg_has_role(current_user, 'gatehouse_owner', 'SET') THEN
    EXECUTE format('GRANT gatehouse_owner TO %I WITH INHERIT TRUE, SET TRUE', current_user);
  END IF;
END $$;

GRANT USAGE, CREATE ON SCHEMA public TO gatehouse_owner;
GRANT USAGE ON SCHEMA public TO gatehouse_worker, gatehouse_reader, gatehouse_serving;

-- What later migrations make is readable by both and executable by nobody until it is granted.
ALTER DEFAULT PRIVILEGES FOR ROLE gatehouse_owner REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
ALTER DEFAULT PRIVILEGES FOR ROLE gatehouse_owner IN SCHEMA public GRANT SELECT ON TABLES TO gatehouse_worker, gatehouse_reader;
