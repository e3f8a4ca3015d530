-- A person's word that a trade was booked under a reference is held against all others.
CREATE INDEX trades_by_reference ON trades (deal_reference COLLATE NOCASE)
  WHERE deal_reference IS NOT NULL;
