-- The whole book: clients, batches, trades, attempts, evidence, the log and its seals.
-- Keys are integers, identifiers blobs of 16 bytes, moments milliseconds of UTC, money minor units,
-- rates and pips units of 10^-8 of the rate, digests SHA-256. Checks spell their choices out with
-- OR: for a longer IN list, SQLite builds a table anew with each statement that it runs.

CREATE TABLE clients (
  key INTEGER PRIMARY KEY,
  cif_number TEXT NOT NULL UNIQUE CHECK (cif_number <> ''),
  name TEXT NOT NULL,
  spread INTEGER NOT NULL,
  is_active INTEGER NOT NULL DEFAULT 1 CHECK (is_active IN (0, 1))
) STRICT;

CREATE TABLE accounts (
  client_key INTEGER NOT NULL REFERENCES clients (key),
  currency TEXT NOT NULL CHECK (length(currency) = 3),
  account_number TEXT NOT NULL CHECK (account_number <> ''),
  status TEXT NOT NULL CHECK (status = 'OPEN' OR status = 'DORM' OR status = 'CLOS'
    OR status = 'UNCONFIRMED'),
  balance INTEGER,
  synced_at INTEGER,
  PRIMARY KEY (client_key, currency)
) STRICT, WITHOUT ROWID;

CREATE TABLE otc_rates (
  base TEXT NOT NULL CHECK (length(base) = 3),
  quote TEXT NOT NULL CHECK (length(quote) = 3 AND quote <> base),
  rate INTEGER NOT NULL CHECK (rate > 0),
  set_at INTEGER NOT NULL,
  set_by TEXT NOT NULL,
  PRIMARY KEY (base, quote)
) STRICT, WITHOUT ROWID;

-- Heads of the chains of events: one per batch under its key, and the installation's under 0.
CREATE TABLE chains (
  key INTEGER PRIMARY KEY CHECK (key >= 0),
  length INTEGER NOT NULL DEFAULT 0 CHECK (length >= 0),
  digest BLOB NOT NULL DEFAULT (zeroblob(32)) CHECK (length(digest) = 32),
  sealed_length INTEGER NOT NULL DEFAULT 0 CHECK (sealed_length BETWEEN 0 AND length)
) STRICT;

CREATE INDEX chains_unsealed ON chains (key) WHERE sealed_length < length;

CREATE TABLE batches (
  key INTEGER PRIMARY KEY REFERENCES chains (key) CHECK (key > 0),
  id BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
  name TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status = 'staged' OR status = 'pending' OR status = 'running'
    OR status = 'paused' OR status = 'success' OR status = 'partial_success' OR status = 'failed'
    OR status = 'cancelled'),
  pricing TEXT NOT NULL CHECK (pricing = 'otc' OR pricing = 'bank' OR pricing = 'fixed'),
  priority INTEGER NOT NULL CHECK (priority BETWEEN 1 AND 10),
  queue_position INTEGER NOT NULL,
  max_concurrent_trades INTEGER NOT NULL CHECK (max_concurrent_trades > 0),
  on_failure TEXT NOT NULL CHECK (on_failure = 'continue' OR on_failure = 'pause'
    OR on_failure = 'cancel'),
  tolerated_failures INTEGER CHECK (tolerated_failures >= 0),
  tolerated_failure_percent INTEGER CHECK (tolerated_failure_percent BETWEEN 0 AND 100),
  max_attempts INTEGER NOT NULL CHECK (max_attempts > 0),
  max_quote_tries INTEGER NOT NULL CHECK (max_quote_tries > 0),
  minimum_margin INTEGER NOT NULL,
  approval TEXT NOT NULL CHECK (approval IN ('none', 'required')),
  round INTEGER NOT NULL CHECK (round > 0),
  -- Its trades have the keys from here on, as many as the counts add up to, in the order of rows.
  first_trade INTEGER NOT NULL CHECK (first_trade > 0),
  pending INTEGER NOT NULL CHECK (pending >= 0),
  quoting INTEGER NOT NULL CHECK (quoting >= 0),
  booking INTEGER NOT NULL CHECK (booking >= 0),
  booked INTEGER NOT NULL CHECK (booked >= 0),
  in_doubt INTEGER NOT NULL CHECK (in_doubt >= 0),
  completed INTEGER NOT NULL CHECK (completed >= 0),
  failed INTEGER NOT NULL CHECK (failed >= 0),
  cancelled INTEGER NOT NULL CHECK (cancelled >= 0),
  lease_owner TEXT,
  lease_locked_at INTEGER,
  lease_expires_at INTEGER,
  generation INTEGER NOT NULL CHECK (generation >= 0),
  cancel_requested_at INTEGER,
  approved_by TEXT,
  accepted_by TEXT,
  accepted_note TEXT,
  created_at INTEGER NOT NULL,
  created_by TEXT NOT NULL,
  queued_at INTEGER,
  started_at INTEGER,
  completed_at INTEGER,
  updated_at INTEGER NOT NULL,
  version INTEGER NOT NULL CHECK (version > 0),
  -- A lease is whole or not there, and a batch that has ended has none.
  CHECK ((lease_owner IS NULL) = (lease_locked_at IS NULL)
    AND (lease_owner IS NULL) = (lease_expires_at IS NULL)),
  CHECK (completed_at IS NULL OR lease_owner IS NULL),
  -- A batch is final exactly when all its trades are.
  CHECK ((status = 'success' OR status = 'partial_success' OR status = 'failed'
    OR status = 'cancelled')
    = (completed_at IS NOT NULL)),
  CHECK ((pending + quoting + booking + booked + in_doubt = 0) = (completed_at IS NOT NULL)),
  CHECK (pending + quoting + booking + booked + in_doubt + completed + failed + cancelled > 0),
  CHECK (status <> 'success' OR failed + cancelled = 0),
  CHECK (status <> 'failed' OR (completed = 0 AND failed > 0)),
  CHECK (status <> 'cancelled' OR completed + failed = 0),
  CHECK (status <> 'partial_success' OR (completed > 0 AND failed + cancelled > 0)),
  CHECK ((accepted_by IS NULL) = (accepted_note IS NULL))
) STRICT;

CREATE INDEX batches_by_status ON batches (status);
CREATE INDEX batches_by_position ON batches (queue_position);
CREATE INDEX batches_queue ON batches (priority DESC, queue_position, created_at)
  WHERE completed_at IS NULL;

CREATE TABLE trades (
  key INTEGER PRIMARY KEY,
  id BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
  batch_key INTEGER NOT NULL REFERENCES batches (key),
  row INTEGER NOT NULL CHECK (row > 0),
  client_key INTEGER NOT NULL REFERENCES clients (key),
  base TEXT NOT NULL CHECK (length(base) = 3),
  quote TEXT NOT NULL CHECK (length(quote) = 3 AND quote <> base),
  side TEXT NOT NULL CHECK (side IN ('buy', 'sell')),
  deal_currency TEXT NOT NULL CHECK (deal_currency IN (base, quote)),
  deal_amount INTEGER NOT NULL CHECK (deal_amount > 0),
  delivery TEXT NOT NULL CHECK (delivery = 'cash' OR delivery = 'tom' OR delivery = 'spot'),
  value_date INTEGER,
  allowance TEXT CHECK (allowance IN ('SDA', 'FIA')),
  external_ref TEXT,
  spread INTEGER NOT NULL,
  fixed_rate INTEGER CHECK (fixed_rate > 0),
  fingerprint INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  status TEXT NOT NULL DEFAULT 'pending' CHECK (status = 'pending' OR status = 'quoting'
    OR status = 'booking' OR status = 'booked' OR status = 'completed' OR status = 'in_doubt'
    OR status = 'failed' OR status = 'cancelled'),
  attempt INTEGER NOT NULL DEFAULT 0 CHECK (attempt >= 0),
  round_attempts INTEGER NOT NULL DEFAULT 0 CHECK (round_attempts BETWEEN 0 AND attempt),
  quote_tries INTEGER NOT NULL DEFAULT 0 CHECK (quote_tries >= 0),
  not_before INTEGER,
  quote_id INTEGER,
  quote_expires_at INTEGER,
  quote_rate INTEGER CHECK (quote_rate > 0),
  client_rate INTEGER CHECK (client_rate > 0),
  counter_amount INTEGER CHECK (counter_amount >= 0),
  margin_pips INTEGER,
  margin INTEGER,
  residual INTEGER,
  rounding_difference INTEGER,
  deal_transaction_id BLOB CHECK (length(deal_transaction_id) = 16),
  bank_transaction_id TEXT,
  deal_reference TEXT,
  failure_code TEXT,
  failure_message TEXT,
  failure_bank_code TEXT,
  failure_bank_transaction_id TEXT,
  is_resolved_by_person INTEGER NOT NULL DEFAULT 0 CHECK (is_resolved_by_person IN (0, 1)),
  booked_at INTEGER,
  doubt_since INTEGER,
  escalated_at INTEGER,
  updated_at INTEGER NOT NULL,
  completed_at INTEGER,
  version INTEGER NOT NULL DEFAULT 1 CHECK (version > 0),
  -- The lease under which the last intent was written; no part of the trade, but of its attempt.
  intent_generation INTEGER,
  -- The figures of a quote and the name of its deal come and go together.
  CHECK (CASE WHEN deal_transaction_id IS NULL
    THEN coalesce(quote_id, quote_expires_at, quote_rate, client_rate, counter_amount, margin_pips,
      margin, residual, rounding_difference) IS NULL
    ELSE quote_id + quote_expires_at + quote_rate + client_rate + counter_amount + margin_pips
      + margin + residual + rounding_difference IS NOT NULL END),
  CHECK ((attempt = 0) = (deal_transaction_id IS NULL)),
  CHECK (status <> 'booking' OR (round_attempts > 0 AND intent_generation IS NOT NULL)),
  CHECK (status NOT IN ('booked', 'completed') OR booked_at IS NOT NULL),
  CHECK ((status = 'completed' OR status = 'failed'
    OR status = 'cancelled') = (completed_at IS NOT NULL)),
  CHECK ((status = 'in_doubt') = (doubt_since IS NOT NULL)),
  CHECK (escalated_at IS NULL OR status IN ('in_doubt', 'booked')),
  CHECK (failure_code IS NOT NULL OR status NOT IN ('failed', 'cancelled')),
  CHECK ((failure_code IS NULL) = (failure_message IS NULL)),
  CHECK (failure_code IS NOT NULL
    OR coalesce(failure_bank_code, failure_bank_transaction_id) IS NULL)
) STRICT;

-- Within a status, the order of batches and rows is the order of keys.
CREATE INDEX trades_by_status ON trades (status, batch_key);
CREATE INDEX trades_by_client ON trades (client_key);
CREATE INDEX trades_by_failure ON trades (failure_code, batch_key) WHERE failure_code IS NOT NULL;
CREATE INDEX trades_by_fingerprint ON trades (fingerprint, created_at);
-- Who may have been booked without our knowing.
CREATE INDEX trades_in_doubt ON trades (client_key) WHERE status = 'in_doubt';
CREATE INDEX trades_booking ON trades (client_key, batch_key, intent_generation)
  WHERE status = 'booking';

CREATE TABLE attempts (
  trade_key INTEGER NOT NULL REFERENCES trades (key),
  number INTEGER NOT NULL CHECK (number > 0),
  deal_transaction_id BLOB NOT NULL UNIQUE CHECK (length(deal_transaction_id) = 16),
  bank TEXT NOT NULL,
  quote_id INTEGER NOT NULL,
  quote_rate INTEGER NOT NULL CHECK (quote_rate > 0),
  client_rate INTEGER NOT NULL CHECK (client_rate > 0),
  quote_expires_at INTEGER NOT NULL,
  generation INTEGER NOT NULL CHECK (generation > 0),
  request_digest BLOB NOT NULL CHECK (length(request_digest) = 32),
  intent_at INTEGER NOT NULL,
  outcome TEXT NOT NULL DEFAULT 'open'
    CHECK (outcome = 'open' OR outcome = 'not_sent' OR outcome = 'booked'
      OR outcome = 'not_booked' OR outcome = 'settlement_failed'),
  bank_transaction_id TEXT,
  ended_at INTEGER,
  -- The bank itself said that it is booked; a person's word alone is no control.
  is_known_by_bank INTEGER NOT NULL DEFAULT 0 CHECK (is_known_by_bank IN (0, 1)),
  PRIMARY KEY (trade_key, number),
  CHECK ((outcome = 'open') = (ended_at IS NULL)),
  CHECK (outcome = 'booked' OR is_known_by_bank = 0)
) STRICT, WITHOUT ROWID;

-- At most one deal that stands per trade, over all attempts.
CREATE UNIQUE INDEX attempts_one_deal ON attempts (trade_key) WHERE outcome = 'booked';
CREATE INDEX attempts_control ON attempts (bank, ended_at) WHERE is_known_by_bank = 1;

CREATE TRIGGER attempts_keep_their_intent BEFORE UPDATE OF trade_key, number, deal_transaction_id,
  bank, quote_id, quote_rate, client_rate, quote_expires_at, generation, request_digest, intent_at
  ON attempts BEGIN SELECT raise(ABORT, 'an intent is never changed'); END;
CREATE TRIGGER attempts_stay BEFORE DELETE ON attempts
  BEGIN SELECT raise(ABORT, 'attempts are never deleted'); END;

CREATE TABLE evidence (
  key INTEGER PRIMARY KEY,
  trade_key INTEGER NOT NULL REFERENCES trades (key),
  attempt INTEGER NOT NULL CHECK (attempt >= 0),
  kind TEXT NOT NULL CHECK (kind = 'status_answer' OR kind = 'booking_accepted'
    OR kind = 'booking_answer' OR kind = 'statement_line' OR kind = 'persons_note'),
  at INTEGER NOT NULL,
  actor TEXT NOT NULL,
  summary TEXT NOT NULL,
  bank_transaction_id TEXT
) STRICT;

CREATE INDEX evidence_by_trade ON evidence (trade_key);

CREATE TRIGGER evidence_is_not_changed BEFORE UPDATE ON evidence
  BEGIN SELECT raise(ABORT, 'evidence is only appended'); END;
CREATE TRIGGER evidence_stays BEFORE DELETE ON evidence
  BEGIN SELECT raise(ABORT, 'evidence is only appended'); END;

CREATE TABLE events (
  sequence INTEGER PRIMARY KEY,
  batch_key INTEGER NOT NULL REFERENCES chains (key),
  batch_sequence INTEGER NOT NULL CHECK (batch_sequence > 0),
  at INTEGER NOT NULL,
  kind TEXT NOT NULL,
  trade_key INTEGER REFERENCES trades (key),
  from_status TEXT,
  to_status TEXT,
  attempt INTEGER,
  actor TEXT NOT NULL,
  code TEXT,
  bank_transaction_id TEXT,
  note TEXT,
  digest BLOB NOT NULL CHECK (length(digest) = 32),
  UNIQUE (batch_key, batch_sequence)
) STRICT;

CREATE TRIGGER events_are_not_changed BEFORE UPDATE ON events
  BEGIN SELECT raise(ABORT, 'the log is only appended'); END;
CREATE TRIGGER events_stay BEFORE DELETE ON events
  BEGIN SELECT raise(ABORT, 'the log is only appended'); END;

CREATE TABLE seals (
  number INTEGER PRIMARY KEY CHECK (number > 0),
  at INTEGER NOT NULL,
  digest BLOB NOT NULL CHECK (length(digest) = 32)
) STRICT;

CREATE TABLE sealed_heads (
  seal INTEGER NOT NULL REFERENCES seals (number),
  batch_key INTEGER NOT NULL REFERENCES chains (key),
  length INTEGER NOT NULL CHECK (length > 0),
  digest BLOB NOT NULL CHECK (length(digest) = 32),
  PRIMARY KEY (seal, batch_key)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER seals_are_not_changed BEFORE UPDATE ON seals
  BEGIN SELECT raise(ABORT, 'seals are only appended'); END;
CREATE TRIGGER seals_stay BEFORE DELETE ON seals
  BEGIN SELECT raise(ABORT, 'seals are only appended'); END;
CREATE TRIGGER sealed_heads_are_not_changed BEFORE UPDATE ON sealed_heads
  BEGIN SELECT raise(ABORT, 'seals are only appended'); END;
CREATE TRIGGER sealed_heads_stay BEFORE DELETE ON sealed_heads
  BEGIN SELECT raise(ABORT, 'seals are only appended'); END;

CREATE TABLE installation (
  key INTEGER PRIMARY KEY CHECK (key = 1),
  id BLOB NOT NULL CHECK (length(id) = 16),
  id_epoch INTEGER NOT NULL CHECK (id_epoch > 0),
  kill_engaged_at INTEGER,
  kill_engaged_by TEXT,
  kill_reason TEXT,
  bank TEXT,
  canary INTEGER REFERENCES trades (key),
  change_counter INTEGER NOT NULL CHECK (change_counter >= 0),
  CHECK ((kill_engaged_at IS NULL) = (kill_engaged_by IS NULL)
    AND (kill_engaged_at IS NULL) = (kill_reason IS NULL))
) STRICT;

CREATE TABLE nodes (
  node TEXT PRIMARY KEY,
  bank TEXT NOT NULL,
  lease_milliseconds INTEGER NOT NULL CHECK (lease_milliseconds > 0),
  bank_timeout_milliseconds INTEGER NOT NULL,
  doubt_margin_milliseconds INTEGER NOT NULL,
  last_seen_at INTEGER NOT NULL,
  has_heard_kill_switch INTEGER NOT NULL CHECK (has_heard_kill_switch IN (0, 1))
) STRICT, WITHOUT ROWID;

INSERT INTO chains (key) VALUES (0);

-- What a batch and a trade are read from. CROSS JOIN keeps the order of the tables: the rows wanted
-- are found first, then what belongs to them by key.
CREATE VIEW batch_rows AS
SELECT b.key, b.id, b.name, b.pricing, b.priority, b.queue_position, b.max_concurrent_trades,
  b.on_failure, b.tolerated_failures, b.tolerated_failure_percent, b.max_attempts,
  b.max_quote_tries, b.minimum_margin, b.approval, b.created_at, b.created_by, b.status, b.round,
  b.pending, b.quoting, b.booking, b.booked, b.in_doubt, b.completed, b.failed, b.cancelled,
  b.lease_owner, b.lease_locked_at, b.lease_expires_at, b.generation, b.cancel_requested_at,
  b.approved_by, b.accepted_by, b.accepted_note, b.queued_at, b.started_at, b.completed_at,
  b.updated_at, c.length, c.digest, b.version
FROM batches b CROSS JOIN chains c ON c.key = b.key;

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
  CROSS JOIN batches b ON b.key = t.batch_key;

CREATE VIEW attempt_rows AS
SELECT trade_key, number, deal_transaction_id, bank, quote_id, quote_rate, client_rate,
  quote_expires_at, generation, request_digest, intent_at, outcome, bank_transaction_id, ended_at
FROM attempts;
