-- Why a strategy did not trade what it was given: `is_viable` said no.

CREATE TABLE passed_over (
    batch_id text NOT NULL REFERENCES batches,
    strategy text NOT NULL,
    symbol   text NOT NULL,
    round    smallint NOT NULL CHECK (round IN (1, 2)),
    figure   text NOT NULL,
    value    double precision,
    reason   text NOT NULL,
    ts_ns    bigint NOT NULL,
    PRIMARY KEY (batch_id, strategy, symbol, ts_ns, round)
);
COMMENT ON TABLE passed_over IS 'Symbols that strategies refused to trade, with the forecast or measure and its value.';
COMMENT ON COLUMN passed_over.round IS '1: when it was picked, of stored forecasts alone; 2: before an entry.';
COMMENT ON COLUMN passed_over.ts_ns IS 'Engine time, ns UTC.';
