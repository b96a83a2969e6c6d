"""Massive's side of the exchange in a box: its REST API and its streams, over the same tape and floor as Alpaca's.

    /stocks /crypto                     the streams            stream, encode
    /v2/aggs /v3/trades /v3/quotes ...  market data            market_api, rows, questions
    /v2/snapshot                        snapshots              snapshots
    /v3/reference /v1/marketstatus      reference              reference_api
    all of REST                         keys, plans, errors    door

The API key is the box's secret. Sources: Massive's documentation (massive.com/docs, REST and
WebSocket) and what its official client 2.9 asks for and reads. Where the documentation and the
wire are known to differ, the wire is followed, and the place says so.
"""
