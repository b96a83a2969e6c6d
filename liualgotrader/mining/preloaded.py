"""What the server of jobs' processes makes ready, once for all of them: imports, and the calendar's days."""

from __future__ import annotations

from datetime import date

from liualgotrader.common.calendar import us_equities
from liualgotrader.data.lake.days import day_of
from liualgotrader.mining import job

READY = (us_equities().session(date(2026, 3, 2)), day_of("", 0), job.do_job)
"""What was made on the way there."""
