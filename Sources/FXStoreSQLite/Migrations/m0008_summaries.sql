-- What each batch's trades amount to, and its failed trades by code: changed in the transactions that
-- change the trades, so that nothing is counted to show a batch.

-- Sums are in minor units. They are texts, since those of a whole batch may need more than 64 bits;
-- without leading zeros, so that the longer of two is the greater.
CREATE TABLE batch_sums (
  batch_key INTEGER NOT NULL REFERENCES batches (key),
  base TEXT NOT NULL CHECK (length(base) = 3),
  quote TEXT NOT NULL CHECK (length(quote) = 3 AND quote <> base),
  deal_currency TEXT NOT NULL CHECK (deal_currency IN (base, quote)),
  requested TEXT NOT NULL
    CHECK (requested GLOB '[1-9]*' AND requested NOT GLOB '*[^0-9]*'),
  dealt TEXT NOT NULL
    CHECK (dealt = '0' OR (dealt GLOB '[1-9]*' AND dealt NOT GLOB '*[^0-9]*')),
  countered TEXT NOT NULL
    CHECK (countered = '0' OR (countered GLOB '[1-9]*' AND countered NOT GLOB '*[^0-9]*')),
  margin TEXT NOT NULL CHECK (margin = '0'
    OR (ltrim(margin, '-') GLOB '[1-9]*' AND substr(margin, 2) NOT GLOB '*[^0-9]*')),
  rounding_difference TEXT NOT NULL CHECK (rounding_difference = '0'
    OR (ltrim(rounding_difference, '-') GLOB '[1-9]*'
      AND substr(rounding_difference, 2) NOT GLOB '*[^0-9]*')),
  PRIMARY KEY (batch_key, base, quote, deal_currency),
  -- No more is dealt than was asked for, and nothing follows from what was not dealt.
  CHECK (length(dealt) < length(requested)
    OR (length(dealt) = length(requested) AND dealt <= requested)),
  CHECK (dealt <> '0' OR (countered = '0' AND margin = '0' AND rounding_difference = '0'))
) STRICT, WITHOUT ROWID;

CREATE TABLE batch_failures (
  batch_key INTEGER NOT NULL REFERENCES batches (key),
  code TEXT NOT NULL CHECK (code <> ''),
  trades INTEGER NOT NULL CHECK (trades > 0),
  -- The first of them, whose message stands for all.
  example INTEGER NOT NULL REFERENCES trades (key),
  PRIMARY KEY (batch_key, code)
) STRICT, WITHOUT ROWID;
