-- Batches that are made again and again, and the index by which deals are reported on.

CREATE TABLE templates (
  id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
  name TEXT NOT NULL UNIQUE CHECK (name <> ''),
  pricing TEXT NOT NULL CHECK (pricing = 'otc' OR pricing = 'fixed' OR pricing = 'bank'),
  priority INTEGER NOT NULL CHECK (priority BETWEEN 1 AND 10),
  max_concurrent_trades INTEGER NOT NULL CHECK (max_concurrent_trades > 0),
  on_failure TEXT NOT NULL
    CHECK (on_failure = 'continue' OR on_failure = 'pause' OR on_failure = 'cancel'),
  tolerated_failures INTEGER CHECK (tolerated_failures >= 0),
  tolerated_failure_percent INTEGER CHECK (tolerated_failure_percent BETWEEN 0 AND 100),
  max_attempts INTEGER NOT NULL CHECK (max_attempts > 0),
  transient_tries INTEGER NOT NULL CHECK (transient_tries > 0),
  transient_first_delay INTEGER NOT NULL CHECK (transient_first_delay > 0),
  transient_greatest_delay INTEGER NOT NULL
    CHECK (transient_greatest_delay >= transient_first_delay),
  permanent_tries INTEGER NOT NULL CHECK (permanent_tries > 0),
  permanent_first_delay INTEGER NOT NULL CHECK (permanent_first_delay > 0),
  permanent_greatest_delay INTEGER NOT NULL
    CHECK (permanent_greatest_delay >= permanent_first_delay),
  rule_tries INTEGER NOT NULL CHECK (rule_tries > 0),
  rule_first_delay INTEGER NOT NULL CHECK (rule_first_delay > 0),
  rule_greatest_delay INTEGER NOT NULL CHECK (rule_greatest_delay >= rule_first_delay),
  minimum_margin INTEGER NOT NULL,
  approval TEXT NOT NULL CHECK (approval = 'none' OR approval = 'required'),
  rows INTEGER NOT NULL CHECK (rows > 0),
  created_at INTEGER NOT NULL,
  created_by TEXT NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE template_rows (
  template BLOB NOT NULL REFERENCES templates (id) ON DELETE CASCADE,
  row INTEGER NOT NULL CHECK (row > 0),
  cif_number TEXT NOT NULL CHECK (cif_number <> ''),
  base TEXT NOT NULL CHECK (length(base) = 3),
  quote TEXT NOT NULL CHECK (length(quote) = 3 AND quote <> base),
  side TEXT NOT NULL CHECK (side = 'buy' OR side = 'sell'),
  deal_currency TEXT NOT NULL CHECK (deal_currency IN (base, quote)),
  deal_amount INTEGER NOT NULL CHECK (deal_amount > 0),
  delivery TEXT NOT NULL CHECK (delivery = 'cash' OR delivery = 'tom' OR delivery = 'spot'),
  allowance TEXT CHECK (allowance = 'SDA' OR allowance = 'FIA'),
  spread INTEGER NOT NULL,
  fixed_rate INTEGER CHECK (fixed_rate > 0),
  external_ref TEXT,
  PRIMARY KEY (template, row)
) STRICT, WITHOUT ROWID;

-- Deals in the order of their bookings.
CREATE INDEX trades_by_booking ON trades (booked_at) WHERE booked_at IS NOT NULL;
