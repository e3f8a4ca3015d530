-- What happened to one trade, without reading its batch's whole log.
CREATE INDEX events_of_trade ON events (trade_key) WHERE trade_key IS NOT NULL;
