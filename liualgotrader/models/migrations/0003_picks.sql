-- A pick remembers its instrument and its consumer, so that a restart needs no scanner and no vendor;
-- an incarnation remembers which strategies failed in it.

ALTER TABLE trending_tickers
    ADD COLUMN slot text,
    ADD COLUMN instrument jsonb,
    ADD COLUMN given_back_at timestamptz,
    DROP CONSTRAINT trending_tickers_batch_id_symbol_scanner_name_picked_ns_key;
COMMENT ON COLUMN trending_tickers.slot IS 'The consumer it went to.';
COMMENT ON COLUMN trending_tickers.given_back_at IS 'When the last strategy lost interest in it.';
CREATE UNIQUE INDEX trending_tickers_pick
    ON trending_tickers (batch_id, symbol, scanner_name, picked_ns, coalesce(strategy, ''));

ALTER TABLE incarnations ADD COLUMN failures jsonb NOT NULL DEFAULT '{}';
COMMENT ON COLUMN incarnations.failures IS 'Why strategies were disabled in it, by name.';
