-- Who may come in, what they did, and which requests were carried out already.

CREATE TABLE tokens (
  id BLOB PRIMARY KEY CHECK (length(id) = 16),
  name TEXT NOT NULL,
  person TEXT NOT NULL,
  role TEXT NOT NULL CHECK (role IN ('viewer', 'dealer', 'approver', 'admin')),
  digest BLOB NOT NULL UNIQUE CHECK (length(digest) = 32),
  created_at INTEGER NOT NULL,
  created_by TEXT NOT NULL,
  expires_at INTEGER,
  last_used_at INTEGER,
  revoked_at INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE sessions (
  digest BLOB PRIMARY KEY CHECK (length(digest) = 32),
  token BLOB NOT NULL REFERENCES tokens (id),
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX sessions_by_token ON sessions (token);
CREATE INDEX sessions_by_end ON sessions (expires_at);

CREATE TABLE audit (
  number INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  person TEXT,
  role TEXT,
  token BLOB,
  address TEXT NOT NULL,
  request_id TEXT NOT NULL,
  call TEXT NOT NULL,
  object TEXT,
  status INTEGER NOT NULL,
  before TEXT,
  after TEXT
) STRICT;

CREATE INDEX audit_by_person ON audit (person, number);

CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit
  BEGIN SELECT raise(ABORT, 'the audit is only appended'); END;
CREATE TRIGGER audit_stays BEFORE DELETE ON audit
  BEGIN SELECT raise(ABORT, 'the audit is only appended'); END;

CREATE TABLE exchanges (
  owner BLOB NOT NULL CHECK (length(owner) = 16),
  key TEXT NOT NULL CHECK (length(key) BETWEEN 1 AND 255),
  digest BLOB NOT NULL CHECK (length(digest) = 32),
  at INTEGER NOT NULL,
  subject BLOB CHECK (length(subject) = 16),
  status INTEGER,
  content_type TEXT,
  location TEXT,
  body BLOB,
  PRIMARY KEY (owner, key),
  CHECK ((status IS NULL) = (content_type IS NULL) AND (status IS NULL) = (body IS NULL))
) STRICT, WITHOUT ROWID;

CREATE INDEX exchanges_by_age ON exchanges (at);
