import csv
import gzip
from importlib.resources import as_file, files

import numpy as np
import numpy.typing as npt
import pytest

Columns = dict[str, npt.NDArray[np.float64]]


@pytest.fixture(scope="session")
def aapl() -> Columns:
    """Apple's daily bars, 2000 to 2013, from the data files of bokeh_sampledata."""
    resource = files("bokeh_sampledata").joinpath("_data", "stocks.csv.gz")
    with as_file(resource) as path, gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    names = ["open", "high", "low", "close", "volume"]
    places = [[column.strip().lower() for column in header].index(name) for name in names]
    table = np.array([[float(row[place]) for place in places] for row in rows if row[0] == "AAPL"])
    return {name: np.ascontiguousarray(table[:, i]) for i, name in enumerate(names)}


def _walk(seed: int, *, start: float, step: float) -> npt.NDArray[np.float64]:
    walk: npt.NDArray[np.float64] = np.random.default_rng(seed).normal(0.0, step, 2_000)
    return np.abs(start + np.cumsum(walk)) + 1.0


@pytest.fixture(
    params=[(1, 100.0, 0.05), (2, 3_000.0, 9.0), (3, 0.4, 0.002)],
    ids=["share", "index", "penny"],
)
def walk(request: pytest.FixtureRequest) -> npt.NDArray[np.float64]:
    """A random walk of 2,000 prices."""
    seed, start, step = request.param
    return _walk(seed, start=start, step=step)
