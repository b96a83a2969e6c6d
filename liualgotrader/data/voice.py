"""How long one voice may be silent before its silence is improbable: a symbol, or a whole socket.

Time is cut into looks of `LOOK_SECONDS`. A look in which the voice said anything is heard, any other silent: so a burst
of prints within a quarter of a second counts once, and bursts do not pass for a high rate. Silent looks in a row are a
run.

The model is a Markov chain of two states whose chances drift. Trades and quotes cluster (Hawkes, "Spectra of some
self-exciting and mutually exciting point processes", Biometrika 58, 1971), so a silent look is likelier after a silent
one; what matters is how runs end. Of those, `ended` looks ended one and `went_on` looks did not, both discounted
exponentially (West and Harrison, "Bayesian Forecasting and Dynamic Models", 2nd ed., section 6.3). The probability
that a run gets k looks long is the Beta-Bernoulli predictive (Gelman et al., "Bayesian Data Analysis", 3rd ed.,
section 2.4)

    P(k) = B(a, b + k) / B(a, b),   a = ended / 2 + W p,   b = went_on / 2 + W (1 - p) + 1/2,   B the beta function

where p is the share of looks heard, and W = 20 looks say that silence is as good as any other look while few runs
were seen. The counts are halved for overdispersion (quasi-likelihood: McCullagh and Nelder, "Generalized Linear
Models", 2nd ed., section 4.5). Its tail is a power while little is known: who printed five times in an hour may be
silent for a day.

Three things make it robust where even that model is wrong, as the market thins out after the open and at noon:

* two memories, of one and of ten minutes: a silence must be improbable (1e-9) by both, so that neither a passing burst
  nor the busy stretch before a lull sets the measure alone;
* it must be six times the longest of late, which is forgotten with a half-life of an hour. Only a steady voice is not
  given more than four and a half seconds: one that is heard in nine looks of ten, of which so long a silence is
  improbable and none of half as long was known of late (in 98 of 100 looks during its first 30 minutes);
* nothing is said of a voice before it spoke over a stretch of time: 2 minutes for a socket, 10 for a symbol,
  30 for either that is not steady.
"""

from __future__ import annotations

from math import lgamma, log

LOOK_SECONDS = 0.25
"""How often is looked, in seconds of the machine's time."""
FLOOR = 8
"""Looks, 2 s: a shorter silence is never found improbable, for networks and machines hold their breath."""
CAP = 18
"""Looks, 4.5 s: a longer one is not granted to a voice of which that is improbable."""
_IMPROBABLE = log(1e-9)
"""Of a run. A symbol has ten thousand a day at most, so that by the model one day in 100,000 brings a false alarm."""
_MARGIN = 6.0
_FAST, _SLOW, _LONGEST = 240, 2_400, 14_400
"""Looks: the depths of the memories, and the half-life of the longest silence."""
_SETTLED = 7_200
"""Looks, 30 min, over which a voice that is not steady must have spoken: the burst of the open is no measure for it."""
_LEAST_MEMORY = 120
_LEAST_KNOWN = 40
_STEADY = 0.9
_STEADY_AT_FIRST = 0.98
_PRIOR = 20.0
_DISPERSION = 2.0
_NEVER = 1 << 40


class _Memory:
    """Discounted counts of looks: all, heard, those that ended a run, those that did not."""

    __slots__ = ("all", "ended", "heard", "keep", "went_on")

    def __init__(self, depth: float) -> None:
        self.keep = 1.0 - 1.0 / depth
        self.all = self.heard = self.ended = self.went_on = 0.0

    def add(self, silent: int) -> None:
        """A look was heard, after so many silent ones."""
        keep = self.keep
        if not silent:
            self.all = self.all * keep + 1.0
            self.heard = self.heard * keep + 1.0
            self.ended *= keep
            self.went_on *= keep
            return
        kept = keep**silent
        run = (1.0 - kept) / (1.0 - keep)
        self.all = (self.all * kept + run) * keep + 1.0
        self.heard = self.heard * kept * keep + 1.0
        self.ended = self.ended * kept * keep + 1.0
        self.went_on = (self.went_on * kept + run - 1.0) * keep

    def _counts(self) -> tuple[float, float]:
        share = self.heard / self.all if self.all else 0.0
        ends = self.ended / _DISPERSION + _PRIOR * share
        return ends, max(self.went_on, 0.0) / _DISPERSION + _PRIOR * (1.0 - share) + 0.5

    def excludes(self, looks: int) -> bool:
        """Whether a run of so many looks is improbable."""
        ends, goes_on = self._counts()
        both = ends + goes_on
        chance = lgamma(goes_on + looks) - lgamma(goes_on) - lgamma(both + looks) + lgamma(both)
        return chance < _IMPROBABLE


class Voice:
    """What is known of one voice. Looks are numbered by the caller; `since` is the last one before it begins."""

    __slots__ = (
        "_fast",
        "_fade",
        "_least",
        "_long_enough",
        "_longest",
        "_slow",
        "heard_at",
        "since",
    )

    def __init__(self, since: int, *, least: int, pace: float = 1.0) -> None:
        """`least`: looks over which it must have spoken before it is judged.

        `pace`: how much faster than the world's the market's time runs. Its moods change so much faster, and all that
        is measured in minutes is so much shorter: memories down to 30 s, what it must have spoken over to 10 s.
        """
        self.since = self.heard_at = since
        self._least = max(least / pace, _LEAST_KNOWN)
        self._long_enough = max(_SETTLED / pace, self._least)
        self._longest = 0.0
        self._fast = _Memory(max(_FAST / pace, _LEAST_MEMORY))
        self._slow = _Memory(max(_SLOW / pace, _LEAST_MEMORY))
        self._fade = 0.5 ** (1.0 / max(_LONGEST / pace, _LEAST_MEMORY))

    def hear(self, look: int) -> None:
        """It spoke in this look, and not since `heard_at`."""
        silent = look - self.heard_at - 1
        self._fast.add(silent)
        self._slow.add(silent)
        self._longest = max(float(silent), self._longest * self._fade ** (silent + 1))
        self.heard_at = look

    def excuse(self, look: int) -> None:
        """Nothing could be heard until now, through no doing of the voice."""
        self.since += look - self.heard_at
        self.heard_at = look

    @property
    def weight(self) -> float:
        """How much it spoke of late: heard looks in the shorter memory."""
        return self._fast.heard

    def patience(self, run: int) -> int:
        """Return the length at which to judge a run that has come to `run` looks: `run` or less is improbable."""
        spoke = self.heard_at - self.since
        if spoke < self._least:
            return _NEVER
        granted = max(FLOOR, int(_MARGIN * self._longest) + 1)
        if self._is_steady and self._excludes(CAP):
            granted = min(granted, CAP)
        elif spoke < self._long_enough:
            return _NEVER
        if run < granted:
            return granted
        return run if self._excludes(run) else run + max(1, run // 8)

    @property
    def _is_steady(self) -> bool:
        settled = self.heard_at - self.since >= self._long_enough
        least = _STEADY if settled else _STEADY_AT_FIRST
        return 2 * self._longest <= CAP and all(
            memory.heard >= least * memory.all for memory in (self._fast, self._slow)
        )

    def _excludes(self, looks: int) -> bool:
        return self._fast.excludes(looks) and self._slow.excludes(looks)
