-- What the broker's books say beside ours: what of its lists is booked, and every difference ever found.

CREATE TABLE broker_activities (
    account_id  bigint NOT NULL REFERENCES accounts,
    activity_id text NOT NULL,
    booked_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (account_id, activity_id)
);
COMMENT ON TABLE broker_activities IS 'Fees, dividends, transfers and executions of others that are in our books: each counts once.';

INSERT INTO broker_activities (account_id, activity_id)
SELECT DISTINCT account_id, details->>'activity_id' FROM account_transactions WHERE details ? 'activity_id';

CREATE TABLE reconciliations (
    reconciliation_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account_id  bigint NOT NULL REFERENCES accounts,
    batch_id    text NOT NULL REFERENCES batches,
    found_at    timestamptz NOT NULL DEFAULT now(),
    kind        text NOT NULL,
    symbol      text NOT NULL,
    ledger      numeric NOT NULL,
    broker      numeric NOT NULL,
    outcome     text NOT NULL CHECK (outcome IN ('healed', 'adopted', 'refused')),
    why         text NOT NULL
);
COMMENT ON TABLE reconciliations IS 'Every difference between the broker''s books and ours, and what became of it.';
COMMENT ON COLUMN reconciliations.symbol IS 'Empty for cash.';
COMMENT ON COLUMN reconciliations.ledger IS 'What we had: shares, or dollars of cash.';
COMMENT ON COLUMN reconciliations.outcome IS 'healed: explained and booked; adopted: unexplained and booked; refused: not booked, entries stopped.';
CREATE INDEX reconciliations_batch_id ON reconciliations (batch_id);

COMMENT ON TABLE positions IS 'What each strategy holds: new_trades added up, with adopted differences; (manual) is the owner''s own. Flat ones are deleted.';
