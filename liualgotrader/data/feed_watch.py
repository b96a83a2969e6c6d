"""Whether a feed that is connected says what it should: the socket as a whole, and each symbol.

An open socket proves nothing. Pongs come from the vendor's edge while the data behind it stands still for hours, and
Alpaca sends no heartbeats of its own. So the watch learns how often each voice is heard (`Voice`) and finds the silence
that is improbable. It has no clock: the owner looks every `LOOK_SECONDS` and says what was heard since. A look that
comes late, because the machine was busy, counts as one: what was not read yet is not the vendor's silence.

What it cannot know, it does not say. A socket with nothing but quiet symbols, or with nothing but bars of a minute, is
not found mute by its rate. One that never spoke is measured by what it is told is usual (`usual`), or not at all.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

import msgspec

from liualgotrader.data.voice import FLOOR, LOOK_SECONDS, Voice

SOCKET_LEAST = int(120 / LOOK_SECONDS)
SYMBOL_LEAST = int(600 / LOOK_SECONDS)
# A symbol that made up so much of the socket's voice takes the measure with it when it falls silent for a reason.
_NOTABLE = 0.2
# A socket that never spoke is given at least 30 s: subscriptions take their time.
_FIRST_WORD = int(30 / LOOK_SECONDS)
# -log(1e-9): messages that were to be expected when none at all is as improbable as that (Poisson).
_MISSED = 20.7


class Heard(msgspec.Struct, frozen=True):
    """What a look found.

    `stale`: the whole socket is mute, for `silence` seconds now. `mute`: symbols found mute just now, `back`: symbols
    that were mute and are heard again.
    """

    stale: bool = False
    silence: float = 0.0
    mute: tuple[str, ...] = ()
    back: tuple[str, ...] = ()


class FeedWatch:
    """Learns what to expect, and tells what is missing."""

    def __init__(self, *, pace: float = 1.0) -> None:
        """`pace`: how much faster than the world's the market's time runs."""
        self._pace = pace
        self._look = 0
        self._socket = self._new_socket()
        self._voices: dict[str, Voice] = {}
        self._due: dict[str, int] = {}
        self._mute: dict[str, None] = {}
        self._excused: dict[str, None] = {}
        self._usual = 0.0
        self.never_heard = True

    def _new_socket(self) -> Voice:
        return Voice(self._look, least=SOCKET_LEAST, pace=self._pace)

    def _new_voice(self) -> Voice:
        return Voice(self._look, least=SYMBOL_LEAST, pace=self._pace)

    # -- what is watched ---------------------------------------------------------------------------------------

    def follow(self, symbols: Iterable[str]) -> None:
        """Watch more symbols."""
        for symbol in symbols:
            if symbol not in self._voices:
                self._voices[symbol] = self._new_voice()
                self._due[symbol] = self._look + FLOOR

    def leave(self, symbols: Iterable[str]) -> None:
        """Watch symbols no more."""
        for symbol in symbols:
            voice = self._voices.pop(symbol, None)
            self._excused.pop(symbol, None)
            self._mute.pop(symbol, None)
            if voice is not None:
                self._due.pop(symbol, None)
                self._less_of(voice)

    def excuse(self, symbols: Iterable[str]) -> None:
        """Expect nothing of symbols: they are halted."""
        for symbol in symbols:
            if symbol in self._voices and symbol not in self._excused:
                self._excused[symbol] = None
                self._mute.pop(symbol, None)
                self._due.pop(symbol, None)
                self._less_of(self._voices[symbol])

    def expect_again(self, symbols: Iterable[str]) -> None:
        """Symbols trade again."""
        for symbol in symbols:
            if symbol in self._excused:
                del self._excused[symbol]
                self._voices[symbol].excuse(self._look)
                self._due[symbol] = self._look + FLOOR

    def usual(self, per_second: float) -> None:
        """Say how many messages a second are the least, from now on and until the first; 0: not known."""
        if self.never_heard:
            self._socket.excuse(self._look)
        self._usual = per_second

    def _less_of(self, voice: Voice) -> None:
        if voice.weight >= _NOTABLE * self._socket.weight:
            self._socket = self._new_socket()

    def forget(self) -> None:
        """Other hours begin, in which less is said: learn anew."""
        self._socket = self._new_socket()
        self._mute.clear()
        for symbol in self._voices:
            self._voices[symbol] = self._new_voice()
            if symbol not in self._excused:
                self._due[symbol] = self._look + FLOOR

    def reconnected(self) -> None:
        """The socket was away: what was not heard meanwhile says nothing of anybody."""
        self._socket.excuse(self._look)
        self._mute.clear()
        for symbol, voice in self._voices.items():
            voice.excuse(self._look)
            if symbol not in self._excused:
                self._due[symbol] = self._look + FLOOR

    # -- looking -----------------------------------------------------------------------------------------------

    def look(self, heard: Collection[str]) -> Heard:
        """Take what was heard since the last look: the symbols, and `""` for anything that is of none."""
        self._look += 1
        if not heard:
            return self._silent()
        if (silence := self._look - self._socket.heard_at - 1) >= FLOOR:
            self._pardon(silence)
        self._socket.hear(self._look)
        self.never_heard = False
        back = tuple(symbol for symbol in heard if symbol in self._mute)
        for symbol in heard:
            voice = self._voices.get(symbol)
            if voice is not None and symbol not in self._excused:
                voice.hear(self._look)
                self._due[symbol] = self._look + FLOOR
        for symbol in back:
            del self._mute[symbol]
        return Heard(mute=self._newly_mute(), back=back)

    def _pardon(self, silence: int) -> None:
        """The whole socket was silent: no symbol's silence is the longer for it."""
        for voice in self._voices.values():
            voice.excuse(voice.heard_at + silence)
        self._due = {symbol: at + silence for symbol, at in self._due.items()}

    def _silent(self) -> Heard:
        """Nothing came at all: what the socket's silence explains is not laid to a symbol."""
        socket = self._socket
        run = self._look - socket.heard_at
        if run < FLOOR or (self._voices and len(self._excused) == len(self._voices)):
            return Heard()
        silence = run * LOOK_SECONDS
        if self.never_heard:
            return Heard(run >= _FIRST_WORD and silence * self._usual > _MISSED, silence)
        return Heard(run >= socket.patience(run), silence)

    def _newly_mute(self) -> tuple[str, ...]:
        look, found = self._look, []
        for symbol in [symbol for symbol, at in self._due.items() if at <= look]:
            voice = self._voices[symbol]
            due = voice.heard_at + voice.patience(look - voice.heard_at)
            if due <= look:
                found.append(symbol)
                self._mute[symbol] = None
                del self._due[symbol]
            else:
                self._due[symbol] = due
        return tuple(found)
