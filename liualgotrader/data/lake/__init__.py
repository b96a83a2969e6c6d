"""The history lake: trades, quotes, minute and day bars in Parquet files, and what became of the shares."""

from liualgotrader.data.lake.actions import Action, ActionKind
from liualgotrader.data.lake.adjust import adjusted
from liualgotrader.data.lake.kinds import Kind
from liualgotrader.data.lake.lake_data import LakeData
from liualgotrader.data.lake.rows import Rows
from liualgotrader.data.lake.store import Lake

__all__ = ["Action", "ActionKind", "Kind", "Lake", "LakeData", "Rows", "adjusted"]
