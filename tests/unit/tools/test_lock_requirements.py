"""What goes into requirements.txt."""

import re
from typing import Any

import pytest

from tools.lock_requirements import EVERYWHERE, LOCKED, entry, is_wanted


def wheel(name: str, sha256: str = "0" * 64) -> dict[str, Any]:
    return {"url": f"https://files.example/a/{name}", "hashes": {"sha256": sha256}}


@pytest.mark.parametrize(
    "name",
    [
        "six-1.0-py2.py3-none-any.whl",
        "uv-1.0-py3-none-manylinux_2_17_x86_64.manylinux2014_x86_64.whl",
        "numpy-2.0-cp311-cp311-manylinux_2_28_aarch64.whl",
        "numpy-2.0-cp313-cp313-macosx_14_0_arm64.whl",
        "psutil-7.0-cp36-abi3-manylinux_2_12_x86_64.whl",
    ],
)
def test_wheel_for_our_pythons_and_platforms_is_kept(name: str) -> None:
    assert is_wanted(wheel(name))


@pytest.mark.parametrize(
    "name",
    [
        "numpy-2.0-cp310-cp310-manylinux_2_28_x86_64.whl",
        "numpy-2.0-cp313-cp313t-manylinux_2_28_x86_64.whl",
        "numpy-2.0-cp311-cp311-musllinux_1_2_x86_64.whl",
        "numpy-2.0-cp311-cp311-manylinux_2_31_armv7l.whl",
        "numpy-2.0-cp311-cp311-win_amd64.whl",
        "numpy-2.0-pp311-pypy311_pp73-manylinux_2_28_x86_64.whl",
    ],
)
def test_wheel_for_others_is_left_out(name: str) -> None:
    assert not is_wanted(wheel(name))


def test_entry_sorts_hashes_and_drops_the_condition_that_always_holds() -> None:
    wheels = [wheel("six-1.0-py3-none-any.whl", "b"), wheel("six-1.0-cp311-none-any.whl", "a")]
    package = {"name": "six", "version": "1.0", "marker": EVERYWHERE, "wheels": wheels}
    assert entry(package) == "six==1.0 \\\n    --hash=sha256:a \\\n    --hash=sha256:b\n"


def test_distribution_without_a_wheel_for_us_stops_the_lock() -> None:
    package = {"name": "six", "version": "1.0", "wheels": [wheel("six-1.0-cp27-cp27m-win32.whl")]}
    with pytest.raises(SystemExit, match=r"six 1\.0 has no wheel"):
        entry(package)


def test_lock_names_no_index_and_hashes_everything() -> None:
    text = LOCKED.read_text()
    assert "://" not in text
    assert "--index-url" not in text
    for requirement in re.split(r"\n(?=\w)", text)[1:]:
        assert re.match(r"\S+==\S+.* \\\n    --hash=sha256:[0-9a-f]{64}", requirement)
