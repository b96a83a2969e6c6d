-- What is computed once a session is over, and what miners collect.

CREATE TABLE gain_loss (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    symbol          text NOT NULL,
    algo_run_id     bigint NOT NULL REFERENCES algo_run,
    gain_percentage numeric,
    gain_value      numeric NOT NULL CHECK (abs(gain_value) < 'Infinity'),
    tstamp          timestamptz NOT NULL DEFAULT now(),
    UNIQUE (symbol, algo_run_id)
);
COMMENT ON TABLE gain_loss IS 'Gain of one strategy run in one symbol, in dollars and in percent of what was put in.';
CREATE INDEX gain_loss_algo_run_id ON gain_loss (algo_run_id);

CREATE TABLE trade_analysis (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    symbol          text NOT NULL,
    algo_run_id     bigint NOT NULL REFERENCES algo_run,
    start_tstamp    timestamptz NOT NULL,
    end_tstamp      timestamptz NOT NULL,
    start_ns        bigint NOT NULL,
    end_ns          bigint NOT NULL,
    gain_percentage numeric,
    gain_value      numeric NOT NULL CHECK (abs(gain_value) < 'Infinity'),
    r_units         numeric,
    tstamp          timestamptz NOT NULL DEFAULT now(),
    UNIQUE (symbol, algo_run_id, start_ns),
    CHECK (end_ns >= start_ns)
);
COMMENT ON TABLE trade_analysis IS 'Each round trip, from flat to flat.';
COMMENT ON COLUMN trade_analysis.r_units IS 'Gain in units of what was risked: (exit - entry) / (entry - stop); NULL without a stop.';
CREATE INDEX trade_analysis_algo_run_id ON trade_analysis (algo_run_id);

CREATE TABLE stock_ohlc (
    symbol_id     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    symbol        text NOT NULL,
    symbol_date   date NOT NULL,
    open          double precision NOT NULL,
    high          double precision NOT NULL,
    low           double precision NOT NULL,
    close         double precision NOT NULL,
    volume        double precision NOT NULL CHECK (volume >= 0),
    indicators    jsonb NOT NULL DEFAULT '{}',
    modify_tstamp timestamptz NOT NULL DEFAULT now(),
    create_tstamp timestamptz NOT NULL DEFAULT now(),
    UNIQUE (symbol, symbol_date)
);
COMMENT ON TABLE stock_ohlc IS 'Daily bars with indicators, as miners collect them.';
CREATE INDEX stock_ohlc_symbol_date ON stock_ohlc (symbol_date);

CREATE TABLE ticker_data (
    symbol          text PRIMARY KEY,
    name            text NOT NULL,
    description     text NOT NULL DEFAULT '',
    tags            text[] NOT NULL DEFAULT '{}',
    similar_tickers text[] NOT NULL DEFAULT '{}',
    industry        text,
    sector          text,
    exchange        text,
    short_ratio     double precision,
    create_tstamp   timestamptz NOT NULL DEFAULT now(),
    modify_tstamp   timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE ticker_data IS 'What companies do: sector, industry, likes.';
CREATE INDEX ticker_data_sector ON ticker_data (sector);
CREATE INDEX ticker_data_industry ON ticker_data (industry);
CREATE INDEX ticker_data_tags ON ticker_data USING gin (tags);
CREATE INDEX ticker_data_similar_tickers ON ticker_data USING gin (similar_tickers);
