"""A session without processes: the same engines, ledger rules and venue, by calls instead of sockets.

What a session in lockstep does over sockets happens here by calls, so the two give the same orders and fills; that
they do is a test. No clock of the machine is asked, so it goes as fast as it can.
"""
