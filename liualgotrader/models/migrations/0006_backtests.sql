-- What happened to shares while a batch held them: a backtest over years lives through splits and dividends.

CREATE TABLE corporate_actions (
    action_id  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    batch_id   text NOT NULL REFERENCES batches,
    symbol     text NOT NULL,
    kind       text NOT NULL CHECK (kind IN ('split', 'dividend', 'rename', 'delisted')),
    ratio      numeric NOT NULL CHECK (ratio >= 0 AND ratio < 'Infinity'),
    cash       numeric NOT NULL CHECK (abs(cash) < 'Infinity'),
    held       numeric NOT NULL CHECK (abs(held) < 'Infinity'),
    effective  timestamptz NOT NULL
);
COMMENT ON TABLE corporate_actions IS 'Splits, dividends, new names and ends of symbols in what a batch held or had orders in.';
COMMENT ON COLUMN corporate_actions.ratio IS 'New shares for an old one; 0 when the shares are gone.';
COMMENT ON COLUMN corporate_actions.cash IS 'Dollars a share as held before.';
COMMENT ON COLUMN corporate_actions.held IS 'Shares of the account before it, short negative.';
CREATE INDEX corporate_actions_batch_id ON corporate_actions (batch_id);
