-- What `liu recommend` found, for scanners to ask: which strategy fits a symbol, by what was known through a day.

CREATE TABLE recommendations (
    symbol       text NOT NULL,
    scale        text NOT NULL CHECK (scale IN ('minute', 'day')),
    through      date NOT NULL,
    strategy     text,
    verdict      text NOT NULL CHECK (verdict IN ('recommended', 'none', 'unclear')),
    why          text NOT NULL,
    metric       text NOT NULL,
    score        double precision CHECK (abs(score) < 'Infinity'),
    confidence   double precision CHECK (confidence BETWEEN 0 AND 1),
    folds        jsonb NOT NULL,
    code_version text NOT NULL,
    data_version text NOT NULL,
    made_at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (symbol, scale, through),
    CHECK ((strategy IS NULL) = (confidence IS NULL))
);
COMMENT ON TABLE recommendations IS 'Which strategy fits a symbol, by its history through a day, and how sure that is.';
COMMENT ON COLUMN recommendations.through IS 'The last day of the data used: nothing later is in it, whenever it was made.';
COMMENT ON COLUMN recommendations.strategy IS 'The best of those tried, NULL when none beat holding the symbol or there was too little to tell.';
COMMENT ON COLUMN recommendations.folds IS 'Per part of the history: what each strategy earned, what was chosen by the parts before, what holding earned.';
CREATE INDEX recommendations_through ON recommendations (through);
