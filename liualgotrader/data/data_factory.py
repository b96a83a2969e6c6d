"""Market data by the name of its vendor: what a session takes, and what a notebook or a miner may."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from random import Random
from typing import Literal

import msgspec

from liualgotrader.common.instruments import AssetClass
from liualgotrader.common.plan import Channel, Vendor
from liualgotrader.common.ports import ClosingData, CompanyAPI
from liualgotrader.credentials.secret import Secret
from liualgotrader.data.alpaca import REQUESTS_A_MINUTE, AlpacaData
from liualgotrader.data.alpaca_stream import AlpacaStream
from liualgotrader.data.broker_assets import BrokerAssets
from liualgotrader.data.kept_history import KeptHistory
from liualgotrader.data.lake import Lake
from liualgotrader.data.market_status import MarketStatus
from liualgotrader.data.massive_feeds import prefix_of
from liualgotrader.data.massive_stream import MassiveStream
from liualgotrader.data.vendor_stream import Sink
from liualgotrader.links.socket import Tap

_ALPACA_CHANNELS = {
    Channel.TRADES: ("trades",),
    Channel.QUOTES: ("quotes",),
    Channel.MINUTE: ("bars", "updatedBars"),
    Channel.SECOND: ("trades",),  # the feed has none: they are built from trades
}
NO_SECOND_BARS = frozenset({Vendor.ALPACA})
"""Vendors whose feeds have no bars of a second, so that whoever wants them makes them of prints."""


class Access(msgspec.Struct, frozen=True, kw_only=True):
    """Where a vendor's data is, and who we are to it.

    `key` and `secret` are the broker's, Alpaca; `data_key` Massive's. Of Alpaca's data `data_url` and `stream_url` are
    its own, of Massive's they are Massive's; assets are always asked of `trading_url`. `limited`: whether requests
    keep to the vendor's limits, as they need not at an exchange in a box; `processes`: how many share them.
    """

    vendor: Vendor
    feed: str
    asset_class: AssetClass
    trading_url: str
    data_url: str
    stream_url: str
    key: Secret
    secret: Secret
    data_key: Secret
    limited: bool = True
    processes: int = 1
    stream_format: Literal["msgpack", "json"] = "msgpack"


def data_loader_factory(
    access: Access,
    *,
    now: Callable[[], int] | None = None,
    keep_in: Path | None = None,
    as_of: Callable[[], int] | None = None,
    raw: bool = False,
) -> ClosingData:
    """Return market data on request.

    `now`: the market's time, ns UTC. `keep_in`: a lake in which days that are over are kept, so that none is asked for
    twice; None keeps nothing. `as_of`: up to when splits count in what is kept, where that is not now. `raw`: where
    nothing is kept, bars as they were traded.
    """
    keeps = keep_in is not None and now is not None
    adjustment: Literal["split", "raw"] = "raw" if keeps or raw else "split"
    alpaca = AlpacaData(
        trading_url=access.trading_url,
        data_url=access.data_url,
        key=access.key.reveal(),
        secret=access.secret.reveal(),
        feed=access.feed if access.vendor is Vendor.ALPACA else "iex",
        adjustment=adjustment,
        asset_class=access.asset_class,
        requests_a_minute=REQUESTS_A_MINUTE / access.processes if access.limited else None,
        now=now,
    )
    found: ClosingData = alpaca
    if access.vendor is Vendor.MASSIVE:
        # Here, so that a process of a session with another vendor does not pay for its client.
        from liualgotrader.data.massive import MassiveData

        massive = MassiveData(
            key=access.data_key.reveal(),
            base=access.data_url,
            asset_class=access.asset_class,
            adjustment=adjustment,
        )
        found = BrokerAssets(massive, alpaca)
    if keep_in is None or now is None:
        return found
    source = f"{access.vendor}/{access.feed}"
    return KeptHistory(found, Lake(keep_in), source=source, now=now, as_of=as_of)


def companies_factory(access: Access) -> CompanyAPI | None:
    """Return what tells of companies; None for a vendor that does not, which Alpaca is."""
    if access.vendor is not Vendor.MASSIVE or access.asset_class is not AssetClass.US_EQUITY:
        return None
    from liualgotrader.data.massive import MassiveData  # as above

    return MassiveData(key=access.data_key.reveal(), base=access.data_url)


def streaming_factory(
    access: Access,
    *,
    events: Iterable[Channel],
    sink: Sink,
    on_mark: Callable[[int], None],
    on_live: Callable[[bool], None],
    on_status: Callable[[MarketStatus], None] | None = None,
    headers: Mapping[str, str] | None = None,
    random: Random | None = None,
    tap: Tap | None = None,
) -> AlpacaStream | MassiveStream:
    """Return market data as it happens; the arguments are those of `StreamingAPI`'s implementations."""
    if access.vendor is Vendor.MASSIVE:
        prefixes = [prefix_of(channel, access.asset_class) for channel in events]
        return MassiveStream(
            access.stream_url,
            key=access.data_key.reveal(),
            channels=prefixes,
            sink=sink,
            on_mark=on_mark,
            on_live=on_live,
            on_status=on_status,
            headers=headers,
            random=random,
            tap=tap,
        )
    return AlpacaStream(
        access.stream_url,
        key=access.key.reveal(),
        secret=access.secret.reveal(),
        channels=dict.fromkeys(name for each in events for name in _ALPACA_CHANNELS[each]),
        sink=sink,
        on_mark=on_mark,
        on_live=on_live,
        on_status=on_status,
        msgpack=access.stream_format == "msgpack",
        headers=headers,
        random=random,
        tap=tap,
    )
