-- Two round trips of one symbol may begin in the same nanosecond of a simulation, so a trip has no
-- natural key: an analysis is written anew as a whole.

ALTER TABLE trade_analysis DROP CONSTRAINT trade_analysis_symbol_algo_run_id_start_ns_key;
CREATE INDEX trade_analysis_start ON trade_analysis (symbol, algo_run_id, start_ns);

ALTER TABLE gain_loss ADD COLUMN trips integer NOT NULL DEFAULT 0 CHECK (trips >= 0);
COMMENT ON COLUMN gain_loss.trips IS 'How many round trips, one that is still open included.';
