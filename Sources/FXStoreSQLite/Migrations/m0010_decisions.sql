-- What a batch does when quotes fail, by the category of the failure; why it is paused; who approved
-- it or sent it back; and what was last decided about it.

DROP VIEW batch_rows;

ALTER TABLE batches RENAME COLUMN max_quote_tries TO transient_tries;
ALTER TABLE batches ADD COLUMN transient_first_delay INTEGER NOT NULL DEFAULT 500
  CHECK (transient_first_delay > 0);
ALTER TABLE batches ADD COLUMN transient_greatest_delay INTEGER NOT NULL DEFAULT 30000
  CHECK (transient_greatest_delay >= transient_first_delay);
ALTER TABLE batches ADD COLUMN permanent_tries INTEGER NOT NULL DEFAULT 1
  CHECK (permanent_tries > 0);
ALTER TABLE batches ADD COLUMN permanent_first_delay INTEGER NOT NULL DEFAULT 500
  CHECK (permanent_first_delay > 0);
ALTER TABLE batches ADD COLUMN permanent_greatest_delay INTEGER NOT NULL DEFAULT 30000
  CHECK (permanent_greatest_delay >= permanent_first_delay);
ALTER TABLE batches ADD COLUMN rule_tries INTEGER NOT NULL DEFAULT 1 CHECK (rule_tries > 0);
ALTER TABLE batches ADD COLUMN rule_first_delay INTEGER NOT NULL DEFAULT 500
  CHECK (rule_first_delay > 0);
ALTER TABLE batches ADD COLUMN rule_greatest_delay INTEGER NOT NULL DEFAULT 30000
  CHECK (rule_greatest_delay >= rule_first_delay);

ALTER TABLE batches ADD COLUMN pause_cause TEXT
  CHECK (pause_cause IS NULL OR (status = 'paused'
    AND (pause_cause = 'person' OR pause_cause = 'policy' OR pause_cause = 'threshold')));
UPDATE batches SET pause_cause = 'person' WHERE status = 'paused';

ALTER TABLE batches ADD COLUMN approved_at INTEGER;
UPDATE batches SET approved_at = updated_at WHERE approved_by IS NOT NULL;
ALTER TABLE batches ADD COLUMN rejected_by TEXT
  CHECK (rejected_by IS NULL OR (approved_by IS NULL AND queued_at IS NULL));
ALTER TABLE batches ADD COLUMN rejected_note TEXT
  CHECK ((rejected_note IS NULL) = (rejected_by IS NULL));

ALTER TABLE batches ADD COLUMN decided TEXT CHECK (decided IS NULL OR decided = 'started'
  OR decided = 'approved' OR decided = 'rejected' OR decided = 'paused' OR decided = 'resumed'
  OR decided = 'cancelled' OR decided = 'retried' OR decided = 'accepted');
ALTER TABLE batches ADD COLUMN decided_by TEXT CHECK ((decided_by IS NULL) = (decided IS NULL));
ALTER TABLE batches ADD COLUMN decided_at INTEGER CHECK ((decided_at IS NULL) = (decided IS NULL));

-- Deals that failed after the bank had booked them wait for a person too.
ALTER TABLE batches ADD COLUMN unsettled INTEGER NOT NULL DEFAULT 0
  CHECK (unsettled BETWEEN 0 AND failed);
UPDATE batches SET unsettled = found.trades
FROM (SELECT batch_key, count(*) AS trades FROM trades
  WHERE failure_code = 'settlement_failed' AND status = 'failed' AND is_removed = 0
  GROUP BY batch_key) AS found
WHERE found.batch_key = batches.key;
UPDATE batches SET needs_decision = 1 WHERE unsettled > 0 AND accepted_by IS NULL;

CREATE VIEW batch_rows AS
SELECT b.key, b.id, b.name, b.pricing, b.priority, b.queue_position, b.max_concurrent_trades,
  b.on_failure, b.tolerated_failures, b.tolerated_failure_percent, b.max_attempts,
  b.transient_tries, b.transient_first_delay, b.transient_greatest_delay, b.permanent_tries,
  b.permanent_first_delay, b.permanent_greatest_delay, b.rule_tries, b.rule_first_delay,
  b.rule_greatest_delay, b.minimum_margin, b.approval, b.created_at, b.created_by, b.status,
  b.round, b.pending, b.quoting, b.booking, b.booked, b.in_doubt, b.completed, b.failed,
  b.cancelled, b.lease_owner, b.lease_locked_at, b.lease_expires_at, b.generation,
  b.cancel_requested_at, b.pause_cause, b.approved_by, b.approved_at, b.rejected_by,
  b.rejected_note, b.accepted_by, b.accepted_note, b.decided, b.decided_by,
  b.decided_at, b.queued_at, b.started_at, b.completed_at, b.updated_at, c.length, c.digest,
  b.version, b.escalated_in_doubt, b.escalated_booked, b.unsettled, b.terms_hash, b.total
FROM batches b CROSS JOIN chains c ON c.key = b.key WHERE b.deleted_at IS NULL;
