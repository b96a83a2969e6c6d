"""All forecasts that come with the package, found by looking: one file, one forecast."""

from __future__ import annotations

import pkgutil
from importlib import import_module

from liualgotrader import forecasts
from liualgotrader.common.parameters import class_names_for
from liualgotrader.forecasts.base import Forecast


def forecast_classes() -> dict[str, type[Forecast]]:
    """Return the classes by the names that miner.toml has for them, which are those of their modules."""
    found = {}
    for module in pkgutil.iter_modules(forecasts.__path__):
        content = vars(import_module(f"{forecasts.__name__}.{module.name}"))
        for class_name in class_names_for(module.name)[:2]:
            cls = content.get(class_name)
            if isinstance(cls, type) and issubclass(cls, Forecast):
                found[module.name] = cls
    return found


def made(cls: type[Forecast], name: str = "one") -> Forecast:
    """Return an instance with its name, as the framework makes it."""
    forecast = cls()
    forecast.name = name
    return forecast
