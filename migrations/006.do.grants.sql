-- Only workers write; everyone else writes by signing. What is not granted here is refused.
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA public FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gatehouse_now() TO gatehouse_worker, gatehouse_reader;

GRANT SELECT ON ALL TABLES IN SCHEMA public TO gatehouse_worker, gatehouse_reader;

GRANT INSERT ON envelope, refusal_counted, policy, feature_view, dataset, check_result, decision, soak_act, performance_window, follow_up,
  quarantine, switch, notice, notice_delivery TO gatehouse_worker;
GRANT INSERT (name) ON model_registry TO gatehouse_worker;
GRANT INSERT (model_id, version, artifact_digest, feature_hash, registered_by, registered_at, envelope)
  ON model_version_detail TO gatehouse_worker;
GRANT INSERT (id, model_id, version, attempt, policy_seq, requested_by, requested_at, envelope) ON promotion TO gatehouse_worker;
GRANT UPDATE (asked_at, first_run_id) ON promotion TO gatehouse_worker;
-- A row can be locked by whoever may change it; readers may not.
GRANT INSERT, UPDATE ON work_lock TO gatehouse_worker;
GRANT EXECUTE ON FUNCTION lock_model(text), lock_audit(), append_audit(text), change_stage(text, text, text, text, text),
  repin(text, bigint, text, text, text), change_production(text, text, text, text[], bigint[], text, integer, text),
  change_production_by_hand(text, text, text, text, text, text, text, integer, text) TO gatehouse_worker;
