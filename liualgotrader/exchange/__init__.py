"""The exchange in a box: a tape and a venue behind Alpaca's own REST and WebSocket protocols."""
