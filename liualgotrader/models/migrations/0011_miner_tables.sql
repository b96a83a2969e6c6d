-- What the built-in miners keep: how live bars differed, who leads by momentum, what orders cost.

CREATE TABLE live_differences (
    symbol      text NOT NULL,
    day         date NOT NULL,
    minutes     integer NOT NULL CHECK (minutes >= 0),
    differing   integer NOT NULL CHECK (differing BETWEEN 0 AND minutes),
    not_final   integer NOT NULL CHECK (not_final BETWEEN 0 AND differing),
    never_heard integer NOT NULL CHECK (never_heard >= 0),
    worst       double precision NOT NULL CHECK (worst >= 0 AND worst < 'Infinity'),
    worst_ns    bigint NOT NULL,
    worst_field text NOT NULL,
    PRIMARY KEY (symbol, day)
);
COMMENT ON TABLE live_differences IS 'How the minutes heard live differed from the vendor''s final ones, per symbol and day.';
COMMENT ON COLUMN live_differences.minutes IS 'How many were heard.';
COMMENT ON COLUMN live_differences.differing IS 'Of these, how many have another number, or no final bar.';
COMMENT ON COLUMN live_differences.not_final IS 'Of these, how many have no final bar.';
COMMENT ON COLUMN live_differences.never_heard IS 'Final minutes after the first heard one that were not heard.';
COMMENT ON COLUMN live_differences.worst IS 'The largest |live / final - 1| of a price.';
CREATE INDEX live_differences_day ON live_differences (day);

CREATE TABLE portfolio_ranking (
    name      text NOT NULL,
    day       date NOT NULL,
    symbol    text NOT NULL,
    rank      integer NOT NULL CHECK (rank >= 1),
    score     double precision NOT NULL CHECK (abs(score) < 'Infinity'),
    slope     double precision NOT NULL CHECK (abs(slope) < 'Infinity'),
    r_squared double precision NOT NULL CHECK (r_squared BETWEEN 0 AND 1.000001),
    atr       double precision NOT NULL CHECK (atr >= 0 AND atr < 'Infinity'),
    shares    bigint NOT NULL CHECK (shares >= 0),
    PRIMARY KEY (name, day, symbol)
);
COMMENT ON TABLE portfolio_ranking IS 'Symbols by risk-adjusted momentum, and how many shares of each risk the same, per miner and trading day.';
COMMENT ON COLUMN portfolio_ranking.slope IS 'Of the line through the logarithms of closes, per day.';
COMMENT ON COLUMN portfolio_ranking.score IS 'The slope''s growth in a year, times r_squared.';
CREATE INDEX portfolio_ranking_rank ON portfolio_ranking (name, day, rank);

CREATE TABLE slippage_costs (
    symbol        text NOT NULL,
    day           date NOT NULL,
    orders        integer NOT NULL CHECK (orders >= 1),
    quoted        integer NOT NULL CHECK (quoted BETWEEN 0 AND orders),
    shares        numeric NOT NULL CHECK (shares > 0 AND shares < 'Infinity'),
    shortfall_bps double precision NOT NULL CHECK (abs(shortfall_bps) < 'Infinity'),
    delay_bps     double precision CHECK (abs(delay_bps) < 'Infinity'),
    market_bps    double precision CHECK (abs(market_bps) < 'Infinity'),
    spread_bps    double precision CHECK (abs(spread_bps) < 'Infinity'),
    bps           double precision CHECK (bps >= 0 AND bps < 'Infinity'),
    PRIMARY KEY (symbol, day)
);
COMMENT ON TABLE slippage_costs IS 'What executed orders cost in basis points of the price at the decision, per symbol, over the days up to `day`.';
COMMENT ON COLUMN slippage_costs.quoted IS 'How many orders were measured from the quote at the decision; the others from the last price that the strategy knew.';
COMMENT ON COLUMN slippage_costs.shortfall_bps IS 'Implementation shortfall: side * (fill - price at the decision), by dollars.';
COMMENT ON COLUMN slippage_costs.delay_bps IS 'Of it, what the market moved between decision and sending.';
COMMENT ON COLUMN slippage_costs.market_bps IS 'Of it, what the market moved between sending and fill.';
COMMENT ON COLUMN slippage_costs.spread_bps IS 'Of it, the effective half spread: side * (fill - middle of the quote at the fill).';
COMMENT ON COLUMN slippage_costs.bps IS 'What a venue with measured slippage takes of whoever takes; NULL where only resting orders were filled.';
