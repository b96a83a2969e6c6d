-- A replay is a batch of its own, and says which one it lived again.

ALTER TABLE batches ADD COLUMN source_batch_id text REFERENCES batches;
COMMENT ON COLUMN batches.source_batch_id IS 'The batch that this one replays; NULL for one that replays none.';
CREATE INDEX batches_source ON batches (source_batch_id) WHERE source_batch_id IS NOT NULL;
