"""Links between the producer and a consumer: a small port with two implementations.

Two links go to each consumer: the market's, which may lose what nobody can wait for, and the
orders', which never loses anything. Every end has spares, because a killed process may leave a link
in a state that no one can use again.
"""
