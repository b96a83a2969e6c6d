-- Executions that were taken back are few: looked for apart, they cost the many nothing.
CREATE INDEX new_trades_expired ON new_trades (order_id, execution_id) WHERE expire_tstamp IS NOT NULL;
