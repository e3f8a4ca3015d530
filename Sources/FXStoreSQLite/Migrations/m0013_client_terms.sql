-- What is agreed with a client beyond the desk's own rules: a limit of each day, the tax authority's
-- clearance, and what the client says to have used of an allowance elsewhere. Amounts are cents of
-- rands, days are counted from 1970-01-01.

ALTER TABLE clients ADD COLUMN day_limit INTEGER CHECK (day_limit IS NULL OR day_limit > 0);
CREATE INDEX clients_limited ON clients (day_limit) WHERE day_limit IS NOT NULL;
ALTER TABLE clients ADD COLUMN clearance_pin TEXT
  CHECK (clearance_pin IS NULL OR clearance_pin <> '');
ALTER TABLE clients ADD COLUMN clearance_approved INTEGER
  CHECK ((clearance_approved IS NULL) = (clearance_pin IS NULL)
    AND (clearance_approved IS NULL OR clearance_approved > 0));
ALTER TABLE clients ADD COLUMN clearance_expires INTEGER
  CHECK ((clearance_expires IS NULL) = (clearance_pin IS NULL));

CREATE TABLE declared_uses (
  client_key INTEGER NOT NULL REFERENCES clients (key),
  year INTEGER NOT NULL CHECK (year BETWEEN 1970 AND 9999),
  allowance TEXT NOT NULL CHECK (allowance = 'SDA' OR allowance = 'FIA'),
  amount INTEGER NOT NULL CHECK (amount > 0),
  PRIMARY KEY (client_key, year, allowance)
) STRICT, WITHOUT ROWID;
