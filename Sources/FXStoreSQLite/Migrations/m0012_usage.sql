-- What counts against limits and allowances: each trade's value, the day on which it counts, and the
-- sums of what is under way and of what is dealt, changed in the transactions that change the trades.
-- All in cents of the rand.

-- As told when the trade was taken in; NULL where no rate told it.
ALTER TABLE trades ADD COLUMN value INTEGER CHECK (value >= 0);
-- The desk's day on which it counts, where that is not its batch's: it was tried again on another.
ALTER TABLE trades ADD COLUMN usage_day INTEGER;
-- The desk's day on which the batch was first put into the queue.
ALTER TABLE batches ADD COLUMN usage_day INTEGER;
ALTER TABLE batches ADD COLUMN reserved INTEGER NOT NULL DEFAULT 0
  CHECK (reserved >= 0 AND (completed_at IS NULL OR reserved = 0));
ALTER TABLE batches ADD COLUMN used INTEGER NOT NULL DEFAULT 0 CHECK (used >= 0);

-- The desk's time is two hours ahead of UTC.
UPDATE trades SET value = deal_amount WHERE deal_currency = 'ZAR';
UPDATE batches SET usage_day = (queued_at + 7200000) / 86400000 WHERE queued_at IS NOT NULL;
UPDATE trades SET usage_day = (coalesce(booked_at, updated_at) + 7200000) / 86400000
WHERE status IN ('booking', 'in_doubt', 'booked', 'completed')
  AND (SELECT usage_day FROM batches WHERE key = batch_key) IS NULL;

CREATE TABLE client_usage (
  client_key INTEGER NOT NULL REFERENCES clients (key),
  day INTEGER NOT NULL,
  dealt_reserved INTEGER NOT NULL CHECK (dealt_reserved >= sda_reserved + fia_reserved),
  dealt_used INTEGER NOT NULL CHECK (dealt_used >= sda_used + fia_used),
  sda_reserved INTEGER NOT NULL CHECK (sda_reserved >= 0),
  sda_used INTEGER NOT NULL CHECK (sda_used >= 0),
  fia_reserved INTEGER NOT NULL CHECK (fia_reserved >= 0),
  fia_used INTEGER NOT NULL CHECK (fia_used >= 0),
  PRIMARY KEY (client_key, day)
) STRICT, WITHOUT ROWID;

-- By who submitted the batch.
CREATE TABLE dealer_usage (
  dealer TEXT NOT NULL,
  day INTEGER NOT NULL,
  reserved INTEGER NOT NULL CHECK (reserved >= 0),
  used INTEGER NOT NULL CHECK (used >= 0),
  PRIMARY KEY (dealer, day)
) STRICT, WITHOUT ROWID;

DROP VIEW batch_rows;
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
  b.version, b.escalated_in_doubt, b.escalated_booked, b.unsettled, b.terms_hash, b.reserved,
  b.used, b.usage_day, b.total
FROM batches b CROSS JOIN chains c ON c.key = b.key WHERE b.deleted_at IS NULL;

DROP VIEW trade_rows;
CREATE VIEW trade_rows AS
SELECT t.key, t.id, t.batch_key, b.id AS batch_id, t.client_key, c.name, c.cif_number, t.row,
  t.base, t.quote, t.side, t.deal_currency, t.deal_amount, t.delivery, t.value_date, t.allowance,
  t.external_ref, t.spread, t.fixed_rate, t.created_at, t.status, t.attempt, t.round_attempts,
  t.quote_tries, t.not_before, t.quote_id, t.quote_expires_at, t.quote_rate, t.client_rate,
  t.counter_amount, t.margin_pips, t.margin, t.residual, t.rounding_difference,
  t.deal_transaction_id, t.bank_transaction_id, t.deal_reference, t.failure_code,
  t.failure_message, t.failure_bank_code, t.failure_bank_transaction_id,
  t.is_resolved_by_person, t.booked_at, t.doubt_since, t.escalated_at, t.updated_at,
  t.completed_at, t.version, t.value, t.usage_day
FROM trades t CROSS JOIN clients c ON c.key = t.client_key
  CROSS JOIN batches b ON b.key = t.batch_key
WHERE t.is_removed = 0;
