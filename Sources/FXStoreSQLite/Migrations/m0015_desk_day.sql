-- What the desk's day asks for: reconciliations that are kept, warnings before settlement, and what the
-- bank was asked about trades in doubt.

CREATE TABLE reconciliations (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  id BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
  day INTEGER NOT NULL,
  is_scheduled INTEGER NOT NULL CHECK (is_scheduled IN (0, 1)),
  requested_at INTEGER NOT NULL,
  requested_by TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status = 'requested' OR status = 'running' OR status = 'agrees'
    OR status = 'differs' OR status = 'incomplete'),
  node TEXT CHECK (node IS NOT NULL OR status IN ('requested', 'incomplete')),
  tries INTEGER NOT NULL CHECK (tries >= 0),
  started_at INTEGER,
  ended_at INTEGER,
  trades INTEGER NOT NULL DEFAULT 0,
  attempts INTEGER NOT NULL DEFAULT 0,
  statements INTEGER NOT NULL DEFAULT 0,
  unexplained_lines INTEGER NOT NULL DEFAULT 0,
  in_doubt INTEGER NOT NULL DEFAULT 0,
  differences INTEGER NOT NULL DEFAULT 0 CHECK (differences >= 0),
  too_early_until INTEGER,
  reason TEXT,
  -- Until then it is in the node's hands.
  held_until INTEGER CHECK ((held_until IS NOT NULL) = (status = 'running')),
  CHECK ((ended_at IS NOT NULL) = (status IN ('agrees', 'differs', 'incomplete')))
) STRICT;
-- A day has one that nobody asked for.
CREATE UNIQUE INDEX reconciliations_of_day ON reconciliations (day) WHERE is_scheduled = 1;
CREATE INDEX reconciliations_by_day ON reconciliations (day, number);
CREATE INDEX reconciliations_open ON reconciliations (number)
  WHERE status IN ('requested', 'running');

CREATE TABLE reconciliation_differences (
  reconciliation INTEGER NOT NULL REFERENCES reconciliations (number),
  number INTEGER NOT NULL CHECK (number > 0),
  kind TEXT NOT NULL CHECK (kind <> ''),
  trade_id BLOB CHECK (length(trade_id) = 16),
  sentence TEXT NOT NULL,
  PRIMARY KEY (reconciliation, number)
) STRICT, WITHOUT ROWID;

-- A batch is warned of once for each day, and then the day is done.
CREATE TABLE settlement_warnings (
  day INTEGER NOT NULL,
  batch_key INTEGER NOT NULL REFERENCES batches (key),
  PRIMARY KEY (day, batch_key)
) STRICT, WITHOUT ROWID;
CREATE TABLE settlement_days (day INTEGER PRIMARY KEY) STRICT;

CREATE TABLE inquiries (
  key INTEGER PRIMARY KEY AUTOINCREMENT,
  trade_key INTEGER NOT NULL REFERENCES trades (key),
  asked TEXT NOT NULL CHECK (asked <> ''),
  is_by_our_id INTEGER NOT NULL CHECK (is_by_our_id IN (0, 1)),
  answer TEXT NOT NULL,
  first_asked_at INTEGER NOT NULL,
  last_asked_at INTEGER NOT NULL,
  last_answered_at INTEGER NOT NULL,
  bank_date INTEGER,
  times INTEGER NOT NULL CHECK (times > 0)
) STRICT;
CREATE INDEX inquiries_by_trade ON inquiries (trade_key);
