-- What people and programs are told of, and the outbox of messages to them. All of it follows from the
-- log: up to the cursor it has been written.
CREATE TABLE notice_cursor (
  key INTEGER PRIMARY KEY CHECK (key = 1),
  sequence INTEGER NOT NULL CHECK (sequence >= 0)
) STRICT;
-- Of what happened before this version, nobody is told.
INSERT INTO notice_cursor (key, sequence) SELECT 1, coalesce(max(sequence), 0) FROM events;

-- A number is never given out again: marks of what was read go by it.
CREATE TABLE notices (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  id BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
  kind TEXT NOT NULL CHECK (kind <> ''),
  at INTEGER NOT NULL,
  sequence INTEGER NOT NULL CHECK (sequence > 0),
  batch_key INTEGER REFERENCES batches (key),
  batch_id BLOB CHECK (length(batch_id) = 16),
  trade_id BLOB CHECK (length(trade_id) = 16),
  text TEXT NOT NULL,
  CHECK ((batch_key IS NULL) = (batch_id IS NULL) AND (trade_id IS NULL OR batch_id IS NOT NULL))
) STRICT;
CREATE INDEX notices_by_batch ON notices (batch_key) WHERE batch_key IS NOT NULL;
CREATE INDEX notices_by_age ON notices (at);

-- A person has read everything up to a number, and some beyond it.
CREATE TABLE notice_marks (
  person TEXT PRIMARY KEY,
  up_to INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE notice_reads (
  person TEXT NOT NULL,
  number INTEGER NOT NULL REFERENCES notices (number) ON DELETE CASCADE,
  PRIMARY KEY (person, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX notice_reads_by_number ON notice_reads (number);

-- Webhooks of the installation, and callbacks of batches. One message at a time goes to each: until
-- busy_until it is in somebody's hands. wakes_at is when there is something to do next: the first of
-- its messages that are due, or the end of that time.
CREATE TABLE endpoints (
  id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
  batch_key INTEGER REFERENCES batches (key),
  url TEXT NOT NULL CHECK (url <> ''),
  kinds TEXT NOT NULL CHECK (kinds <> ''),
  note TEXT,
  is_enabled INTEGER NOT NULL CHECK (is_enabled IN (0, 1)),
  disabled_reason TEXT CHECK (disabled_reason IS NULL OR is_enabled = 0),
  secret BLOB NOT NULL CHECK (length(secret) BETWEEN 24 AND 64),
  previous_secret BLOB CHECK (length(previous_secret) BETWEEN 24 AND 64),
  previous_until INTEGER CHECK ((previous_until IS NULL) = (previous_secret IS NULL)),
  created_at INTEGER NOT NULL,
  created_by TEXT NOT NULL,
  updated_at INTEGER NOT NULL,
  deleted_at INTEGER,
  busy_until INTEGER,
  wakes_at INTEGER CHECK (wakes_at IS NULL OR (is_enabled = 1 AND deleted_at IS NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX endpoints_webhooks ON endpoints (deleted_at, batch_key) WHERE batch_key IS NULL;
CREATE INDEX endpoints_by_batch ON endpoints (batch_key) WHERE batch_key IS NOT NULL;
CREATE INDEX endpoints_due ON endpoints (wakes_at) WHERE wakes_at IS NOT NULL;

CREATE TABLE deliveries (
  key INTEGER PRIMARY KEY AUTOINCREMENT,
  id BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
  endpoint BLOB NOT NULL REFERENCES endpoints (id),
  type TEXT NOT NULL,
  body BLOB NOT NULL,
  created_at INTEGER NOT NULL,
  tries INTEGER NOT NULL CHECK (tries >= 0),
  due_at INTEGER,
  outcome TEXT CHECK (outcome IN ('delivered', 'failed')),
  ended_at INTEGER CHECK ((ended_at IS NULL) = (outcome IS NULL)),
  CHECK ((due_at IS NULL) = (outcome IS NOT NULL))
) STRICT;
CREATE INDEX deliveries_by_endpoint ON deliveries (endpoint);
CREATE INDEX deliveries_due ON deliveries (endpoint, due_at) WHERE due_at IS NOT NULL;
CREATE INDEX deliveries_by_age ON deliveries (created_at);

CREATE TABLE delivery_attempts (
  delivery INTEGER NOT NULL REFERENCES deliveries (key) ON DELETE CASCADE,
  number INTEGER NOT NULL CHECK (number > 0),
  at INTEGER NOT NULL,
  milliseconds INTEGER NOT NULL,
  status INTEGER,
  error TEXT,
  PRIMARY KEY (delivery, number)
) STRICT, WITHOUT ROWID;
