"""The exchange in a box: a tape and a venue behind the vendors' own REST and WebSocket protocols.

`python -m liualgotrader.exchange` serves one account at one venue over one tape, on one port of
the loopback interface, so that any program written for Alpaca can trade there, and one written for
Massive (formerly Polygon.io) can read its market. When it is ready it prints one line of JSON:
`trading_url`, `data_url`, `stream_url`, `updates_url`, `box_url`, `key`, `secret` (Massive's API
key too), `massive_url`, `massive_stocks_url` and `massive_crypto_url`.

    /v2/account /v2/orders /v2/positions ...   the trading API          trading_api, account_api
    /v2/stocks/...                             the market data API      market_api
    /v1/corporate-actions                      splits and dividends     actions_api, splits
    /v2/iex /v2/sip /v2/test                   the market data stream   data_stream, feeds
    /stream                                    trade updates            updates
    /box/clock /box/start /box/executions      the box's own pages      box_api
    /box/lockstep                              lockstep                 lockstep, box_api
    /stocks /crypto /v3/... /v2/aggs ...       Massive's side           massive

A request is accepted at once and reaches the venue when its latency is over (desk). The tape is
lived through in one fixed order (floor), driven by a clock (pacing) or by its participants
(lockstep). What was accepted is logged before it is answered, and a killed exchange lives through
its log again (log, service).

In lockstep a participant opens its streams with the header `X-Liu-Lockstep: 1`, subscribes, and
says `{"hello": slot, "prefix": text or null, "of": how many}` on the control socket. The answer
tells `mark`, which it acknowledges at once, as it does every mark that comes in band, behind the
data: `[{"T": "mark", "t": ns}]` on Alpaca's market data stream, `[{"ev": "mark", "t": ns}]` on
Massive's, and `{"stream": "mark", "data": {"t": ns}}` on the trade updates. An acknowledgement is
`{"ack": ns, "decided": [[id, "submit" | "cancel" | "replace", ns], ...], "next": ns or null,
"hold": ns or null}`. When the last mark is acknowledged the control sockets hear `{"end": true}`.
"""
