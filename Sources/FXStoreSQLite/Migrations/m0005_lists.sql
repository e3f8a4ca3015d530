-- What waits for a person is counted in the batch's own row, in the transactions that change it.
ALTER TABLE batches ADD COLUMN escalated_in_doubt INTEGER NOT NULL DEFAULT 0
  CHECK (escalated_in_doubt BETWEEN 0 AND in_doubt);
ALTER TABLE batches ADD COLUMN escalated_booked INTEGER NOT NULL DEFAULT 0
  CHECK (escalated_booked BETWEEN 0 AND booked);
ALTER TABLE batches ADD COLUMN needs_decision INTEGER NOT NULL DEFAULT 0
  CHECK (needs_decision IN (0, 1));
UPDATE batches SET
  escalated_in_doubt = (SELECT count(*) FROM trades
    WHERE status = 'in_doubt' AND batch_key = batches.key AND escalated_at IS NOT NULL),
  escalated_booked = (SELECT count(*) FROM trades
    WHERE status = 'booked' AND batch_key = batches.key AND escalated_at IS NOT NULL);
UPDATE batches SET needs_decision = 1
WHERE (status = 'staged' AND approval = 'required' AND approved_by IS NULL)
  OR ((status = 'partial_success' OR status = 'failed') AND accepted_by IS NULL)
  OR escalated_in_doubt + escalated_booked > 0;

DROP VIEW batch_rows;
CREATE VIEW batch_rows AS
SELECT b.key, b.id, b.name, b.pricing, b.priority, b.queue_position, b.max_concurrent_trades,
  b.on_failure, b.tolerated_failures, b.tolerated_failure_percent, b.max_attempts,
  b.max_quote_tries, b.minimum_margin, b.approval, b.created_at, b.created_by, b.status, b.round,
  b.pending, b.quoting, b.booking, b.booked, b.in_doubt, b.completed, b.failed, b.cancelled,
  b.lease_owner, b.lease_locked_at, b.lease_expires_at, b.generation, b.cancel_requested_at,
  b.approved_by, b.accepted_by, b.accepted_note, b.queued_at, b.started_at, b.completed_at,
  b.updated_at, c.length, c.digest, b.version, b.escalated_in_doubt, b.escalated_booked
FROM batches b CROSS JOIN chains c ON c.key = b.key;

CREATE INDEX batches_needing_decision ON batches (key) WHERE needs_decision = 1;
