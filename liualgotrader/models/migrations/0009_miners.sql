-- What a night's work leaves for scanners and strategies: forecasts with what they were learnt from, and any figure
-- of a miner that has no table of its own.

CREATE TABLE miner_runs (
    miner      text NOT NULL,
    day        date NOT NULL,
    outcome    text NOT NULL CHECK (outcome IN ('running', 'done', 'failed', 'skipped')),
    detail     text NOT NULL DEFAULT '',
    started_at timestamptz NOT NULL DEFAULT now(),
    ended_at   timestamptz,
    PRIMARY KEY (miner, day)
);
COMMENT ON TABLE miner_runs IS 'How the last run of each miner for a trading day ended.';

CREATE TABLE miner_values (
    miner  text NOT NULL,
    symbol text NOT NULL,
    day    date NOT NULL,
    name   text NOT NULL,
    value  double precision NOT NULL CHECK (abs(value) < 'Infinity'),
    PRIMARY KEY (miner, symbol, day, name)
);
COMMENT ON TABLE miner_values IS 'Figures of miners, users'' own too, per symbol and the trading day they were made from.';
CREATE INDEX miner_values_day ON miner_values (day, name);

CREATE TABLE forecast_samples (
    forecast     text NOT NULL,
    symbol       text NOT NULL,
    day          date NOT NULL,
    code_version text NOT NULL,
    is_final     boolean NOT NULL,
    features     double precision[] NOT NULL,
    target       double precision,
    PRIMARY KEY (forecast, symbol, day)
);
COMMENT ON TABLE forecast_samples IS 'What a forecast learns from: what was known before a day, and what came of it.';
COMMENT ON COLUMN forecast_samples.is_final IS 'Whether it comes from the vendor''s final bars, or from what was heard live.';
CREATE INDEX forecast_samples_day ON forecast_samples (forecast, day);

CREATE TABLE forecasts (
    forecast        text NOT NULL,
    day             date NOT NULL,
    symbol          text NOT NULL,
    value           double precision NOT NULL CHECK (abs(value) < 'Infinity'),
    naive           double precision CHECK (abs(naive) < 'Infinity'),
    trained_through date NOT NULL CHECK (trained_through < day),
    code_version    text NOT NULL,
    data_version    text NOT NULL,
    made_at         timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (forecast, day, symbol)
);
COMMENT ON TABLE forecasts IS 'What is expected of a symbol on a day, from the days before it.';
COMMENT ON COLUMN forecasts.naive IS 'What the forecast''s naive baseline expects.';
CREATE INDEX forecasts_day ON forecasts (day, symbol);

CREATE TABLE forecast_checks (
    forecast     text NOT NULL,
    day          date NOT NULL,
    samples      integer NOT NULL CHECK (samples >= 0),
    error        double precision,
    naive_error  double precision,
    skill        double precision,
    beats_naive  boolean NOT NULL,
    calibration  jsonb NOT NULL DEFAULT '[]',
    code_version text NOT NULL,
    data_version text NOT NULL,
    made_at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (forecast, day)
);
COMMENT ON TABLE forecast_checks IS 'How well a forecast did, each day foretold from the days before it alone, up to `day`.';
COMMENT ON COLUMN forecast_checks.skill IS '1 - error / naive_error: 0 is as good as the naive baseline, less is worse.';
