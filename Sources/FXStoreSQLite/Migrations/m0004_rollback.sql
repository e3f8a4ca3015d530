-- The last loss of acknowledged events that was detected, and when the bank had been asked for all
-- that may have been booked in the lost time.
ALTER TABLE installation ADD COLUMN rollback_detected_at INTEGER;
ALTER TABLE installation ADD COLUMN rollback_lost_from INTEGER CHECK (rollback_lost_from > 0);
ALTER TABLE installation ADD COLUMN rollback_first_epoch INTEGER
  CHECK (rollback_first_epoch > 0 AND rollback_first_epoch < id_epoch);
ALTER TABLE installation ADD COLUMN rollback_reason TEXT;
-- A loss is whole or not there, and what was not lost is not reconciled.
ALTER TABLE installation ADD COLUMN rollback_reconciled_at INTEGER
  CHECK ((rollback_detected_at IS NULL) = (rollback_lost_from IS NULL)
    AND (rollback_detected_at IS NULL) = (rollback_first_epoch IS NULL)
    AND (rollback_detected_at IS NULL) = (rollback_reason IS NULL)
    AND (rollback_detected_at IS NOT NULL OR rollback_reconciled_at IS NULL));
