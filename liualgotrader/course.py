"""The course of a session: what is made before its processes start, and what is worked out after they have ended."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
import math
import os
import time
import uuid
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path
from typing import Any

import msgspec

from liualgotrader import __version__
from liualgotrader.bootstrap import (
    Endpoints,
    SessionConfig,
    environment_name,
    make_data,
    make_scanners,
    make_trader,
    portfolio_strategies,
    source_files,
)
from liualgotrader.common.calendar import Calendar, crypto, us_equities
from liualgotrader.common.errors import BrokerUnavailable, ConfigError, LiuError, StoreError
from liualgotrader.common.events import Picked
from liualgotrader.common.ids import slot_name as slot_letter
from liualgotrader.common.instruments import AssetClass, Instrument
from liualgotrader.common.plan import Mode, Plan, Vendor, plan_to_json
from liualgotrader.common.ports import BrokerAccount
from liualgotrader.credentials.secret import Secret
from liualgotrader.data.kept_history import KeptHistory
from liualgotrader.engine.loading import source_of
from liualgotrader.models.account_lock import AccountLock
from liualgotrader.models.account_store import AccountStore
from liualgotrader.models.analysis_store import AnalysisStore
from liualgotrader.models.embedded import EmbeddedServer
from liualgotrader.models.journal_files import journal_files
from liualgotrader.models.live_store import LiveStore
from liualgotrader.models.portfolio import PortfolioStore
from liualgotrader.models.session_store import SessionStore
from liualgotrader.models.slippage_store import SlippageStore
from liualgotrader.session.books import execution_differences
from liualgotrader.session.box import Box
from liualgotrader.session.box_arguments import box_arguments
from liualgotrader.session.box_keeper import BoxKeeper
from liualgotrader.session.closing import book_fees, gather, session_date, write_report
from liualgotrader.session.database_keeper import keep_database
from liualgotrader.session.disk import prune
from liualgotrader.session.live_bars import finalise_live_bars, keep_live_bars
from liualgotrader.session.market import Market
from liualgotrader.session.messages import Begin
from liualgotrader.session.patience import patiently
from liualgotrader.session.reconciler import Reconciler
from liualgotrader.session.routing import directed
from liualgotrader.session.settling import settle
from liualgotrader.session.summing_up import Opening, Ran, Summary, compare_books, summarise, told
from liualgotrader.session.world import keys_of, world_market
from liualgotrader.supervisor import GivenUp, Supervisor

log = logging.getLogger(__name__)

Progress = Callable[[dict[str, Any]], None]
_PROGRESS_SECONDS = 0.5
_HOLD_SECONDS = 5.0
_SUM_UP_SECONDS = 120.0


def consumers_of(plan: Plan, symbols: int, cpus: int) -> int:
    """Return how many consumers a session gets: the plan's word, else by symbols and processors, at least 1.

    One consumer per processor but one, which the producer has, and no more than one per 20 symbols: below that a
    process costs more than it relieves.
    """
    if plan.session.consumers is not None:
        return plan.session.consumers
    return max(1, min(cpus - 1, math.ceil(symbols / 20)))


class Course:
    """One session."""

    def __init__(
        self,
        plan: Plan,
        *,
        home: Path,
        dsn: str,
        environ: Mapping[str, str],
        progress: Progress,
        batch_id: str | None = None,
        server: EmbeddedServer | None = None,
        json_logs: bool = False,
    ) -> None:
        """`server`: the embedded database, to be started again when it dies; None for one of the user's own."""
        self._server = server
        self._json_logs = json_logs
        self._plan = plan
        self._home = home
        self._dsn = dsn
        self._environ = environ
        self._progress = progress
        self.batch_id = batch_id or str(uuid.uuid4())  # noqa: TID251 - the rim: where a batch is born
        self._resumed = batch_id is not None
        self._box: Box | None = None
        self._supervisor: Supervisor | None = None
        self._notice = ""
        self._created = False

    def interrupt(self, reason: str) -> None:
        """End the session in order."""
        if self._supervisor is not None:
            self._supervisor.finish(reason)

    async def run(self) -> Summary:
        """Live through the session and return how it went. A session that cannot start leaves an ended batch."""
        try:
            return await self._run()
        except LiuError as exc:
            if self._created:
                async with await SessionStore.open(self._dsn, max_size=1) as store:
                    await store.end_batch(self.batch_id, reason=f"failed: {exc}")
            raise

    async def _run(self) -> Summary:
        began = asyncio.get_running_loop().time()
        async with AsyncExitStack() as stack:
            store = await SessionStore.open(self._dsn, max_size=2)
            stack.push_async_callback(store.close)
            await self._measure_slippage(store)
            market = await self._market(stack)
            self._notice = market.notice
            config = await self._config(store, market)
            lock = store.account_lock(config.account_id, batch_id=self.batch_id)
            await lock.take()
            stack.push_async_callback(lock.release)
            start = await self._opening(store, config)
            journals, keep = self._home / "journals", self._plan.session.keep_journals
            await asyncio.to_thread(prune, journals, keep, time.time())  # noqa: TID251 - the rim
            supervisor = self._supervisor = Supervisor(config, epoch=await self._epoch(store))
            reconciler = await self._reconciled(stack, store, config, supervisor)
            keeper = self._kept(stack, supervisor)
            await self._finalise(store, config, supervisor)
            aside = (
                self._commands(store, supervisor),
                self._show(supervisor),
                self._hold(lock, supervisor),
                self._compare(reconciler, supervisor),
            )
            try:
                await self._conduct(supervisor, keeper, market, aside)
            except GivenUp:
                # Whoever was ready before another failed may have sent orders.
                await self._take_back(store, config)
                raise
            if keeper is not None and keeper.failure:
                raise BrokerUnavailable(keeper.failure)
            # Whatever it does is done once, so it may be asked again while the database or the broker is away.
            return await patiently(
                lambda: self._sum_up(store, config, supervisor, reconciler, start, began),
                seconds=_SUM_UP_SECONDS,
            )

    async def _conduct(
        self,
        supervisor: Supervisor,
        keeper: BoxKeeper | None,
        market: Market,
        aside: Sequence[Coroutine[None, None, None]],
    ) -> None:
        """Run the processes from their start to their end, and what goes on beside them."""
        tasks = [asyncio.create_task(each) for each in aside]
        try:
            await supervisor.start()
            if keeper is not None:
                await keeper.begin()
            else:
                supervisor.begin(Begin(market.now, time.monotonic_ns(), 1.0))  # noqa: TID251 - the rim
            await supervisor.run()
        finally:
            for task in tasks:
                task.cancel()
            await supervisor.stop()

    async def _take_back(self, store: SessionStore, config: SessionConfig) -> None:
        trader = make_trader(config)
        try:
            await settle(config, store, trader)
        except (BrokerUnavailable, StoreError) as exc:
            log.warning("what was sent is not taken back: %s", exc)
        finally:
            trader.close()

    # -- before ------------------------------------------------------------------------------------------------

    async def _measure_slippage(self, store: SessionStore) -> None:
        """Give the plan what trading was measured to cost, of all days: the box tells the session's."""
        if self._plan.session.mode is Mode.SIMULATED:
            costs = SlippageStore(store.pool)
            self._plan = await costs.with_costs(self._plan, dt.date.min, dt.date.max)

    async def _market(self, stack: AsyncExitStack) -> Market:
        if self._plan.session.mode is Mode.SIMULATED:
            return await self._box_market(stack)
        return await world_market(self._plan, self._environ, keys_of(self._plan, self._environ))

    async def _box_market(self, stack: AsyncExitStack) -> Market:
        session = self._plan.session
        box = self._box = await Box.start(
            box_arguments(self._plan, self._home, self.batch_id),
            self._home / "logs" / self.batch_id / "exchange.log",
        )
        stack.push_async_callback(box.stop)
        at = box.address
        control = at.box_url.replace("http://", "ws://").rstrip("/") + "/lockstep"
        massive = session.data is Vendor.MASSIVE
        endpoints = Endpoints(
            trading_url=at.trading_url,
            data_url=at.massive_url if massive else at.data_url,
            order_stream_url=at.updates_url,
            data_stream_url=at.data_stream(session.data, session.asset_class),
            data_key=Secret(at.secret),
            key=Secret(at.key),
            secret=Secret(at.secret),
            control_url=control if session.lockstep else None,
        )
        clock = await box.clock()
        return Market(
            endpoints=endpoints,
            broker="box",
            now=clock.tape_ns,
            session_open=clock.session_open,
            session_close=clock.session_close,
            tape=True,
            notice=clock.notice,
        )

    async def _config(self, store: SessionStore, market: Market) -> SessionConfig:
        day = dt.datetime.fromtimestamp(market.session_open / 1e9, dt.UTC).date()
        slippage = self._plan.slippage.of_day(day)
        self._plan = msgspec.structs.replace(self._plan, slippage=slippage)
        draft = SessionConfig(
            batch_id=self.batch_id,
            plan=self._plan,
            sources={},
            dsn=self._dsn,
            home=str(self._home),
            endpoints=market.endpoints,
            slots=(),
            session_open=market.session_open,
            session_close=market.session_close,
            account_id=0,
            clock_origin=market.now if market.tape else None,
            clock_offset=market.clock_offset,
            json_logs=self._json_logs,
        )
        data = make_data(draft)
        try:
            assets = {i.symbol: i for i in await data.assets()}
        finally:
            data.close()
        slots = self._slots(len(assets))
        if self._resumed:
            batch = await store.find_batch(self.batch_id)
            await store.reopen_batch(self.batch_id)
            known = batch.summary or {}
            return msgspec.structs.replace(
                draft,
                slots=tuple(known["slots"]),
                account_id=batch.account_id or 0,
                sources=known["sources"],
                portfolios=tuple(known["portfolios"]),
            )
        sources = {name: source_of(name) for name in source_files(self._plan)}
        config = msgspec.structs.replace(
            draft, slots=slots, sources={n: text for n, text in sources.items() if text is not None}
        )
        # Made once here, so that a file that cannot be used is told before anything starts.
        make_scanners(config)
        config = msgspec.structs.replace(config, portfolios=portfolio_strategies(config))
        account_id = await self._create(store, config, market.broker)
        config = msgspec.structs.replace(config, account_id=account_id)
        await self._pick_plan_symbols(store, config, assets, market.now)
        if not self._plan.session.skip_existing:
            await self._pick_held(store, config, assets, market.now)
        return config

    def _slots(self, assets: int) -> tuple[str, ...]:
        session = self._plan.session
        most = min(session.max_symbols, len(session.symbols) or assets)
        count = consumers_of(self._plan, most, os.cpu_count() or 1)
        return tuple(slot_letter(index) for index in range(count))

    async def _create(self, store: SessionStore, config: SessionConfig, broker: str) -> int:
        """Make the batch's row, and open its account with the cash that the broker says."""
        simulated = self._plan.session.mode is Mode.SIMULATED
        await store.create_batch(
            self.batch_id,
            environment=environment_name(self._plan.session.mode),
            mode=self._plan.session.mode.value,
            build=__version__,
            plan=plan_to_json(self._plan),
            session_date=session_date(config),
        )
        self._created = True
        facts = {
            "slots": list(config.slots),
            "portfolios": list(config.portfolios),
            "sources": config.sources,
        }
        await AccountStore(store.pool).note(self.batch_id, facts)
        portfolios = PortfolioStore(store.pool)
        for name in {p.portfolio_id for p in self._plan.strategies if p.portfolio_id is not None}:
            await portfolios.associate(
                (await portfolios.portfolio(name)).portfolio_id, self.batch_id
            )
        account = await self._account(config)
        return await store.open_account(
            self.batch_id,
            broker=broker,
            external_id=self.batch_id if simulated else account.account_id,
            cash=account.cash,
            multiplier=account.multiplier,
            shorting=account.shorting,
        )

    async def _pick_plan_symbols(
        self, store: SessionStore, config: SessionConfig, assets: Mapping[str, Instrument], now: int
    ) -> None:
        for symbol in self._plan.session.symbols:
            if symbol not in assets:
                raise ConfigError(f"session.symbols: {symbol} is no asset of this exchange")
            await self._pick(store, config, Picked(symbol, "plan", now, assets[symbol], None))

    async def _pick_held(
        self, store: SessionStore, config: SessionConfig, assets: Mapping[str, Instrument], now: int
    ) -> None:
        """Give strategies what they hold from earlier sessions, whatever scanners say today."""
        names = {part.name for part in self._plan.strategies}
        for held in await store.positions(config.account_id):
            if held.strategy not in names or held.symbol in self._plan.session.symbols:
                continue
            if held.symbol not in assets:
                log.warning("%s holds %s, which is no asset any more", held.strategy, held.symbol)
                continue
            picked = Picked(held.symbol, "held", now, assets[held.symbol], held.strategy)
            await self._pick(store, config, picked)

    async def _pick(self, store: SessionStore, config: SessionConfig, picked: Picked) -> None:
        inherit = not self._plan.session.skip_existing
        for slot, part in directed(picked, config.slots, config.portfolios):
            await store.save_pick(self.batch_id, part, slot, inherit=inherit)

    async def _epoch(self, store: SessionStore) -> int:
        """A resumed session's links are new, so numbers may begin again; lives go on counting."""
        return 1 + len(await store.incarnations(self.batch_id))

    async def _opening(self, store: SessionStore, config: SessionConfig) -> Opening:
        """Return what the account began with; a resumed batch remembers."""
        known = (await store.find_batch(self.batch_id)).summary
        if known and "opening" in known:
            return msgspec.convert(known["opening"], Opening, strict=False)
        account = await self._account(config)
        opening = Opening(account.cash, account.equity)
        await AccountStore(store.pool).note(
            self.batch_id, {"opening": msgspec.to_builtins(opening)}
        )
        return opening

    async def _reconciled(
        self,
        stack: AsyncExitStack,
        store: SessionStore,
        config: SessionConfig,
        supervisor: Supervisor,
    ) -> Reconciler:
        """Hold the broker's books beside ours. Those of an exchange in a box begin as its account does."""
        trader = make_trader(config)
        stack.callback(trader.close)
        reconciler = Reconciler(
            config, store, trader, now=supervisor.clock.now, warn=supervisor.warn
        )
        if self._box is None:
            await patiently(reconciler.start)
        return reconciler

    async def _compare(self, reconciler: Reconciler, supervisor: Supervisor) -> None:
        """Compare while the session runs; in lockstep only its end is the same every time."""
        if not self._plan.session.lockstep:
            await reconciler.run(supervisor)

    async def _finalise(
        self, store: SessionStore, config: SessionConfig, supervisor: Supervisor
    ) -> None:
        """Replace the live bars of earlier days by the vendor's final ones.

        Before the processes start: their warm-up would put the final ones there without a word.
        """
        with _kept_history(config, "the live bars of earlier days stay") as history:
            if history is not None:
                coins = self._plan.session.asset_class is AssetClass.CRYPTO
                calendar: Calendar = crypto() if coins else us_equities()
                await finalise_live_bars(
                    history,
                    calendar,
                    session_date(config),
                    supervisor.warn,
                    lambda done: LiveStore(store.pool).save(done.day, done.by_symbol()),
                )

    async def _keep_live_bars(self, store: SessionStore, config: SessionConfig) -> None:
        """Keep what was heard until the final bars come. What an exchange in a box shows is nobody's history."""
        with _kept_history(config, "the minutes that were heard are not kept") as history:
            if history is not None:
                rows = await store.journals(self.batch_id)
                files = journal_files(rows, self._home / "journals" / self.batch_id)
                paths = [path for life in files.values() for path in life if path is not None]
                await keep_live_bars(history, session_date(config), paths)

    async def _account(self, config: SessionConfig) -> BrokerAccount:
        trader = make_trader(config)
        try:
            return await trader.account()
        finally:
            trader.close()

    # -- during ------------------------------------------------------------------------------------------------

    def _kept(self, stack: AsyncExitStack, supervisor: Supervisor) -> BoxKeeper | None:
        """Watch over the exchange and the embedded database until the summary is made."""
        if self._server is not None:
            stack.callback(asyncio.create_task(keep_database(self._server, supervisor)).cancel)
        if self._box is None:
            return None
        keeper = BoxKeeper(self._box, supervisor, lockstep=self._plan.session.lockstep)
        keeping = asyncio.create_task(keeper.keep())
        stack.callback(keeping.cancel)
        return keeper

    async def _show(self, supervisor: Supervisor) -> None:
        while True:
            self._progress(supervisor.figures() | {"notice": self._notice})
            await asyncio.sleep(_PROGRESS_SECONDS)

    async def _hold(self, lock: AccountLock, supervisor: Supervisor) -> None:
        """Keep the account's lock, also after the database was away."""
        while True:
            await asyncio.sleep(_HOLD_SECONDS)
            try:
                await lock.keep()
            except StoreError as exc:
                log.warning("the account's lock waits for the database: %s", exc)
            except ConfigError as exc:
                supervisor.finish("failed", failure=str(exc))
                return

    async def _commands(self, store: SessionStore, supervisor: Supervisor) -> None:
        while True:
            try:
                async for command in store.listen_commands(self.batch_id):
                    if command.name in ("halt", "flatten", "resume"):
                        reason = None if command.name == "resume" else command.reason
                        await store.halt(self.batch_id, reason)
                    supervisor.command(command)
            except StoreError as exc:
                log.warning("cannot listen for commands: %s", exc)
                await asyncio.sleep(1)

    # -- after -------------------------------------------------------------------------------------------------

    async def _sum_up(
        self,
        store: SessionStore,
        config: SessionConfig,
        supervisor: Supervisor,
        reconciler: Reconciler,
        start: Opening,
        began: float,
    ) -> Summary:
        """Book the day's fees, compare the books, write the report, and end the batch."""
        trader, data = make_trader(config), make_data(config)
        try:
            still_open = await settle(config, store, trader)
            if still_open and not config.lockstep:
                supervisor.warn(
                    f"{still_open} orders could not be cancelled; look at them at the broker"
                )
            charges = await book_fees(AccountStore(store.pool), trader, config)
            await reconciler.finish()
            end = await trader.account()
            books = await compare_books(store, config, trader)
            ran = Ran(
                consumers=supervisor.figures()["consumers"],
                end_reason=supervisor.reason,
                failure=supervisor.failure,
                warnings=supervisor.warnings,
            )
            summary = await summarise(store, config, ran, start, end, charges)
            left = await gather(
                store,
                data,
                config,
                cash_start=start.cash,
                charges=charges,
                feed=summary.feed,
                reconciliation=books,
                end_reason=supervisor.failure or supervisor.reason,
                notice=self._notice,
            )
            report = await write_report(AnalysisStore(store.pool), left, self._home / "reports")
        finally:
            trader.close()
            data.close()
        await self._keep_live_bars(store, config)
        summary.differences = [*told(books), *await self._execution_differences(store)]
        summary.report = str(report)
        summary.duration_s = round(asyncio.get_running_loop().time() - began, 3)
        await AccountStore(store.pool).note(self.batch_id, msgspec.to_builtins(summary))
        await store.end_batch(
            self.batch_id,
            reason=supervisor.failure or supervisor.reason or "session over",
            report=summary.report,
        )
        return summary

    async def _execution_differences(self, store: SessionStore) -> list[str]:
        if self._box is None:
            return []
        booked = await store.executions(self.batch_id)
        return [*execution_differences(booked, await self._box.executions())]


@contextmanager
def _kept_history(config: SessionConfig, failing: str) -> Iterator[KeptHistory | None]:
    """Lend a real vendor's history, None in a box. What goes wrong is logged as `failing`: no session ends for it."""
    data = make_data(config)
    try:
        yield data if isinstance(data, KeptHistory) else None
    except (LiuError, OSError) as exc:
        log.warning("%s: %s", failing, exc)
    finally:
        data.close()
