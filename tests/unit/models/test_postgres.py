"""What needs no server: times, DSNs, delays, and the comparison of migrations."""

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from liualgotrader.common.errors import StoreError
from liualgotrader.models.migrations import FOLDER, Migration, missing, read_folder
from liualgotrader.models.pg_cluster import Files, explain
from liualgotrader.models.postgres import (
    backoff,
    from_ns,
    redacted,
    to_ns,
    translated,
    with_database,
)

NS_1900 = -2_208_988_800_000_000_000
NS_2100 = 4_102_444_800_000_000_000


@given(st.integers(NS_1900, NS_2100))
def test_a_time_through_the_database_loses_less_than_a_microsecond_and_never_gains(ns: int) -> None:
    assert 0 <= ns - to_ns(from_ns(ns)) < 1000


@given(st.datetimes(timezones=st.just(UTC)))
def test_a_datetime_through_nanoseconds_is_unchanged(when: datetime) -> None:
    assert from_ns(to_ns(when)) == when


def test_another_zone_gives_the_same_instant() -> None:
    new_york = datetime(2013, 11, 29, 13, 0, tzinfo=timezone(timedelta(hours=-5)))
    assert from_ns(to_ns(new_york)) == datetime(2013, 11, 29, 18, 0, tzinfo=UTC)


def test_a_naive_datetime_is_refused() -> None:
    with pytest.raises(TypeError):
        to_ns(datetime(2020, 1, 1, tzinfo=UTC).replace(tzinfo=None))


@pytest.mark.parametrize(
    ("dsn", "shown"),
    [
        ("postgresql://joe:s3cret@host:5432/db", "postgresql://joe:***@host:5432/db"),
        ("postgresql://joe:s3@cr/et?#@host/db", "postgresql://joe:***@host/db"),
        ("postgresql://:s3cret@host/db", "postgresql://:***@host/db"),
        ("postgresql://joe@/db?host=/tmp/a", "postgresql://joe@/db?host=/tmp/a"),
        ("postgresql://host:5432/db", "postgresql://host:5432/db"),
        (
            "postgresql://joe@host/db?password=s3cret&sslpassword=s3cret&a=b",
            "postgresql://joe@host/db?password=***&sslpassword=***&a=b",
        ),
        ("host=h password='s3 cret' user=joe", "host=h password=*** user=joe"),
    ],
)
def test_a_redacted_dsn_shows_everything_but_passwords(dsn: str, shown: str) -> None:
    assert redacted(dsn) == shown


@given(st.text(min_size=5).filter(lambda text: text not in "postgresql://joe:***@host/db"))
def test_no_password_survives_redaction(password: str) -> None:
    assert password not in redacted(f"postgresql://joe:{password}@host/db")


def test_another_database_keeps_the_rest_of_the_dsn() -> None:
    dsn = "postgresql://postgres@/postgres?host=/tmp/x"
    assert with_database(dsn, "t_1") == "postgresql://postgres@/t_1?host=/tmp/x"


@given(st.floats(0.01, 100))
def test_delays_add_up_to_the_patience_and_stay_below_the_ceiling(patience: float) -> None:
    delays = list(backoff(patience, first=0.05, ceiling=2.0))
    assert sum(delays) == pytest.approx(patience)
    assert max(delays) <= 2.0


@pytest.mark.parametrize(
    "error",
    [ConnectionResetError("gone"), TimeoutError(), asyncpg.UniqueViolationError("twice")],
)
def test_errors_of_driver_and_system_become_store_errors_with_their_cause(error: Exception) -> None:
    with pytest.raises(
        StoreError, match=f"could not store a row: {type(error).__name__}"
    ) as caught:
        with translated("store a row"):
            raise error
    assert caught.value.__cause__ is error


def test_a_full_disk_is_explained_with_the_place_of_the_log() -> None:
    said = "LOG:  starting\nFATAL:  could not write to file: No space left on device"
    error = explain(Files(Path("/somewhere/data")), "start", said)
    assert "disk is full" in str(error)
    assert "/somewhere/data.log" in str(error)


def test_migrations_not_yet_applied_are_due_in_order() -> None:
    files = [Migration("0001_a.sql", "A"), Migration("0002_b.sql", "B")]
    assert missing(files, {"0001_a.sql": files[0].checksum}) == [files[1]]


def test_a_database_from_the_future_is_refused() -> None:
    with pytest.raises(StoreError, match="0009_z"):
        missing([Migration("0001_a.sql", "A")], {"0009_z.sql": "whatever"})


@pytest.mark.parametrize("names", [["1_a.sql"], ["0001_a.sql", "0001_b.sql"]])
def test_a_folder_with_unfit_numbers_is_refused(tmp_path: Path, names: list[str]) -> None:
    for name in names:
        (tmp_path / name).write_text("SELECT 1")
    with pytest.raises(StoreError):
        read_folder(tmp_path)


def test_the_migrations_of_the_package_are_fit() -> None:
    assert read_folder(FOLDER)
