-- A node itself says that nothing leaves it any more; that it has read of the kill switch is not enough.
ALTER TABLE nodes RENAME COLUMN has_heard_kill_switch TO confirms_kill_switch;
UPDATE nodes SET confirms_kill_switch = 0;
