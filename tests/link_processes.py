"""What the tests of the links run in processes of their own, to kill them."""

from __future__ import annotations

from multiprocessing.connection import Connection, wait

from liualgotrader.common.events import Command
from liualgotrader.links.orders import OrderReceiver, OrderSender
from liualgotrader.links.slots import SlotLinks

FILLER = "x" * 300_000


def item(number: int, *, large: bool = False) -> Command:
    """Return an order item that can be told from the others."""
    return Command("halt", number, FILLER if large else "")


def read_orders(links: SlotLinks, tell: Connection, stop_at: int) -> None:
    """Book what arrives and tell its numbers; from `stop_at` on, read and book nothing any more."""
    receiver = OrderReceiver(links)
    tell.send("ready")
    while True:
        wait([receiver.fileno()])
        for each in receiver.receive():
            number = each.events[0].ts_event
            if number >= stop_at:
                tell.send("stopped")
                wait([tell])
            receiver.ack(each)
            tell.send(number)


def read_half(links: SlotLinks, tell: Connection) -> None:
    """Read until a frame has begun and not ended, and wait there to be killed."""
    receiver = OrderReceiver(links)
    seen = 0
    while not seen:
        wait([receiver.fileno()])
        seen += len(receiver.receive()) + 1
    tell.send("reading")
    wait([tell])


def write_orders(links: SlotLinks, tell: Connection, epoch: int, numbers: list[int]) -> None:
    """Send items, the last of which are larger than any pipe, and wait to be killed."""
    sender = OrderSender(links, epoch)
    for number in numbers:
        sender.send([item(number)])
    if epoch == 1:
        sender.send([item(0, large=True)] * 20)
    tell.send("written")
    while not tell.poll(0.01):
        sender.pump()
