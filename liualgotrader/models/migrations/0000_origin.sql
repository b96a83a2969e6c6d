-- Nothing yet: the ledger row of this file marks a database as this project's.
SELECT 1;
