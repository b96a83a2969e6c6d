"""The HTML report of a session: one file, nothing to fetch."""

from liualgotrader.analytics.report.page import render

__all__ = ["render"]
