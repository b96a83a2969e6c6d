"""`portfolio` makes portfolios and lists them."""

from __future__ import annotations

import json

import pytest

from liualgotrader.scripts.exits import DONE, WRONG_USE, run
from liualgotrader.scripts.portfolio import portfolio


@pytest.fixture(autouse=True)
def environment(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Use the test's database."""
    monkeypatch.setenv("DSN", database)
    monkeypatch.delenv("LIU_DEBUG", raising=False)


def test_a_portfolio_that_was_made_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(portfolio, ["list"]) == DONE
    assert "There is no portfolio yet" in capsys.readouterr().out
    sizes = ["25,000.10", "--credit", "1000", "--asset", "crypto", "--json"]
    assert run(portfolio, ["create", *sizes]) == DONE
    made = json.loads(capsys.readouterr().out)["portfolio_id"]
    assert run(portfolio, ["list", "--json"]) == DONE
    (line,) = capsys.readouterr().out.splitlines()
    assert '"size":25000.10,"credit_line":1000,"balance":25000.10,"assets":"CRYPTO"' in line
    assert json.loads(line)["portfolio_id"] == made
    assert run(portfolio, ["list"]) == DONE
    assert capsys.readouterr().out.startswith(
        f"{made}  CRYPTO  size 25000.10  credit 1000  cash 25000.10  never used"
    )


def test_its_id_is_shown_as_the_plan_wants_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(portfolio, ["create", "5000"]) == DONE
    first, second = capsys.readouterr().out.splitlines()
    assert second.endswith(f'portfolio_id = "{first}"')


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["create", "much"], "much is not an amount"),
        (["create", "nan"], "nan is not an amount"),
        (["create", "0"], "cannot be"),
        (["create", "10", "--credit=-1"], "cannot be"),
        (["create", "10", "--asset", "bonds"], "us_equities"),
        (["create"], "Missing argument"),
        (["creat", "10"], "No such command"),
    ],
)
def test_wrong_use_is_two_and_makes_nothing(
    arguments: list[str],
    said: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(portfolio, arguments) == WRONG_USE
    assert said in capsys.readouterr().err
    assert run(portfolio, ["list", "--json"]) == DONE
    assert capsys.readouterr().out == ""
