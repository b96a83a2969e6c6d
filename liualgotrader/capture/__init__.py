"""Raw frames of a vendor's streams in a file: for a bug report, and for a test to play again.

The file is one gzip stream. In it, `MAGIC`, then records: a head of 17 bytes, little endian (length of the payload,
CRC-32 of it that starts from the kind, kind, moment of receipt in ns UTC), and the payload. Kinds: 0 the header, JSON;
1 a frame of market data and 2 one of trade updates, the bytes as they came; 3 a note, text: what happened to a stream
or to the capture itself.

What we send is not recorded, so no message that signs on is. In what comes, secrets that the process knows and
identifiers of the account are overwritten at their length: the frame around them stays what it was.
"""
