"""`liualgotrader.common.decorators`."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any


def timeit(function: Callable[..., Any]) -> Callable[..., Any]:
    """Make a function one to be awaited, as in 0.4. How long it took is not measured: a replay has no clock."""

    @functools.wraps(function)
    async def timed(*args: Any, **kwargs: Any) -> Any:
        result = function(*args, **kwargs)
        return await result if inspect.isawaitable(result) else result

    return timed
