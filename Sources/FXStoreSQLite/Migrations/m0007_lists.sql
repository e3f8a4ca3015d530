-- What waits for a person is counted in the batch's own row, in the transactions that change it.
ALTER TABLE batches ADD COLUMN escalated_in_doubt INTEGER NOT NULL DEFAULT 0
  CHECK (escalated_in_doubt BETWEEN 0 AND in_doubt);
ALTER TABLE batches ADD COLUMN escalated_booked INTEGER NOT NULL DEFAULT 0
  CHECK (escalated_booked BETWEEN 0 AND booked);
ALTER TABLE batches ADD COLUMN needs_decision INTEGER NOT NULL DEFAULT 0
  CHECK (needs_decision IN (0, 1));
UPDATE batches SET escalated_in_doubt = found.in_doubt, escalated_booked = found.booked
FROM (SELECT batch_key, sum(status = 'in_doubt') AS in_doubt, sum(status = 'booked') AS booked
  FROM trades WHERE escalated_at IS NOT NULL GROUP BY batch_key) AS found
WHERE found.batch_key = batches.key;
UPDATE batches SET needs_decision = 1
WHERE (status = 'staged' AND approval = 'required' AND approved_by IS NULL)
  OR ((status = 'partial_success' OR status = 'failed') AND accepted_by IS NULL)
  OR escalated_in_doubt + escalated_booked > 0;

-- Its trades, in whatever state: what batches are sorted by.
ALTER TABLE batches ADD COLUMN total INTEGER NOT NULL DEFAULT 1 CHECK (total > 0);
UPDATE batches SET
  total = pending + quoting + booking + booked + in_doubt + completed + failed + cancelled;

-- When the batch came in, or a batch before it where the clock had been set back between: this
-- ascends with the keys, so that a span of time is a span of keys.
ALTER TABLE batches ADD COLUMN entered_at INTEGER NOT NULL DEFAULT 0;
UPDATE batches SET entered_at = before.moment
FROM (SELECT key, max(created_at) OVER (ORDER BY key) AS moment FROM batches) AS before
WHERE before.key = batches.key;
CREATE INDEX batches_by_entry ON batches (entered_at);
CREATE INDEX batches_set_back ON batches (entered_at - created_at) WHERE entered_at > created_at;

-- SHA-256 over the terms of its trades, in the order of rows, for those who release it. Made anew for
-- staged batches of an older version, and of no use for others.
ALTER TABLE batches ADD COLUMN terms_hash BLOB NOT NULL
  DEFAULT x'0000000000000000000000000000000000000000000000000000000000000000'
  CHECK (length(terms_hash) = 32);

-- What was deleted stays, since the log speaks of it, and is in no list.
ALTER TABLE batches ADD COLUMN deleted_at INTEGER;
ALTER TABLE batches ADD COLUMN deleted_by TEXT CHECK ((deleted_by IS NULL) = (deleted_at IS NULL)
  AND (deleted_at IS NULL OR (lease_owner IS NULL
    AND (status = 'staged' OR completed_at IS NOT NULL))));
-- Of a deleted batch, or taken out of one before it was started.
ALTER TABLE trades ADD COLUMN is_removed INTEGER NOT NULL DEFAULT 0
  CHECK (is_removed IN (0, 1) AND (is_removed = 0 OR attempt = 0));

-- Pieces of one, two and three characters of the batches' names, in small letters.
CREATE TABLE batch_grams (
  gram TEXT NOT NULL,
  batch_key INTEGER NOT NULL REFERENCES batches (key),
  PRIMARY KEY (gram, batch_key)
) STRICT, WITHOUT ROWID;
-- Clients are looked through by their names in small letters. A deleted one keeps its key, which
-- may still be in somebody's hands, for a later client with its CIF number.
ALTER TABLE clients ADD COLUMN folded_name TEXT NOT NULL DEFAULT '';
ALTER TABLE clients ADD COLUMN is_deleted INTEGER NOT NULL DEFAULT 0 CHECK (is_deleted IN (0, 1));
CREATE INDEX clients_names ON clients (cif_number, folded_name, is_active) WHERE is_deleted = 0;

DROP VIEW batch_rows;
CREATE VIEW batch_rows AS
SELECT b.key, b.id, b.name, b.pricing, b.priority, b.queue_position, b.max_concurrent_trades,
  b.on_failure, b.tolerated_failures, b.tolerated_failure_percent, b.max_attempts,
  b.max_quote_tries, b.minimum_margin, b.approval, b.created_at, b.created_by, b.status, b.round,
  b.pending, b.quoting, b.booking, b.booked, b.in_doubt, b.completed, b.failed, b.cancelled,
  b.lease_owner, b.lease_locked_at, b.lease_expires_at, b.generation, b.cancel_requested_at,
  b.approved_by, b.accepted_by, b.accepted_note, b.queued_at, b.started_at, b.completed_at,
  b.updated_at, c.length, c.digest, b.version, b.escalated_in_doubt, b.escalated_booked,
  b.terms_hash, b.total
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
  t.completed_at, t.version
FROM trades t CROSS JOIN clients c ON c.key = t.client_key
  CROSS JOIN batches b ON b.key = t.batch_key
WHERE t.is_removed = 0;

-- Each list is a range of one of these, or where several ranges meet, in the order of keys.
DROP INDEX batches_by_status;
CREATE INDEX batches_by_status ON batches (status, needs_decision) WHERE deleted_at IS NULL;
CREATE INDEX batches_by_total ON batches (total) WHERE deleted_at IS NULL;
CREATE INDEX batches_by_end ON batches (completed_at)
  WHERE completed_at IS NOT NULL AND deleted_at IS NULL;
CREATE INDEX batches_leased ON batches (lease_expires_at) WHERE lease_owner IS NOT NULL;

-- A batch's trades lie in the order of its rows, but no longer side by side: trades may be added.
ALTER TABLE batches DROP COLUMN first_trade;
CREATE INDEX trades_by_batch ON trades (batch_key) WHERE is_removed = 0;
DROP INDEX trades_by_status;
CREATE INDEX trades_by_status ON trades (status, batch_key) WHERE is_removed = 0;
DROP INDEX trades_by_failure;
CREATE INDEX trades_by_failure ON trades (failure_code, batch_key)
  WHERE failure_code IS NOT NULL AND is_removed = 0;
-- With what was removed, since a client with any trade is not deleted.
DROP INDEX trades_by_client;
CREATE INDEX trades_by_client ON trades (client_key, is_removed, batch_key);
CREATE INDEX trades_by_external_ref ON trades (external_ref, batch_key)
  WHERE external_ref IS NOT NULL AND is_removed = 0;
