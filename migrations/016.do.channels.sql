-- A notice says how much it matters, what it does to a page, and which channels its policy sent it to when it was written; null where
-- it was written before there were any: such a notice goes into the file and nowhere else. The model and version that it is about are
-- what its policy is found by.
ALTER TABLE notice
  ADD COLUMN severity text CHECK (severity IN ('info', 'warning', 'critical')), -- null: news for those it names
  ADD COLUMN page jsonb CHECK (page ->> 'action' IN ('trigger', 'acknowledge', 'resolve') AND page ->> 'incident' <> ''),
  ADD COLUMN channels text[] CHECK (channels <@ ARRAY['slack', 'email', 'pagerduty']),
  ADD COLUMN model text,
  ADD COLUMN version text;
-- Pages of one incident go out in the order in which they were written.
CREATE INDEX notice_by_incident ON notice ((page ->> 'incident'), at) WHERE page IS NOT NULL;

ALTER TABLE notice_delivery
  ADD COLUMN outcome text NOT NULL DEFAULT 'sent' CHECK (outcome IN ('sent', 'not-configured', 'given-up'));
GRANT INSERT ON notice, notice_delivery TO gatehouse_worker;
