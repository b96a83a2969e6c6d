"""Write requirements.txt: one version of everything, with the hashes of the wheels to install.

uv resolves for all platforms and Pythons at once; what it knows about each file is thinned out here
to the wheels of CPython 3.11 and later on Linux (glibc) and macOS. Source distributions are left
out, so that nothing is ever compiled on the machine of somebody who only wants to look.
"""

import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

ROOT = Path(__file__).resolve().parent.parent
LOCKED = ROOT / "requirements.txt"
PYTHONS = ("cp311", "cp312", "cp313", "cp314")
PLATFORMS = re.compile(r"manylinux.*_(x86_64|aarch64)$|macosx|any$")
# uv repeats [tool.uv] environments on every line; where nothing is added to them they say nothing.
EVERYWHERE = " or ".join(
    "(python_full_version < '3.15' and platform_python_implementation == 'CPython'"
    f" and sys_platform == '{platform}')"
    for platform in ("darwin", "linux")
)
HEADER = """\
# Made by tools/lock from pyproject.toml: what the tests ran with, tools included. Do not edit.
# For CPython 3.11 and later on Linux (x86_64, aarch64) and macOS 14 and later; wheels only:
#   pip install --require-hashes --only-binary :all: -r requirements.txt
"""

Package = dict[str, Any]  # a [[packages]] table of pylock.toml (PEP 751)


def main(arguments: list[str]) -> None:
    packages = resolve(arguments)
    LOCKED.write_text(HEADER + "".join(entry(package) for package in packages))
    print(f"tools/lock: {len(packages)} distributions in {LOCKED.name}")


def resolve(arguments: list[str]) -> list[Package]:
    """Ask uv for the versions, which stay as they are locked if they may; then for the files."""
    with tempfile.TemporaryDirectory() as folder:
        versions = Path(folder) / "requirements.txt"
        files = Path(folder) / "pylock.toml"
        if LOCKED.exists():
            shutil.copy(LOCKED, versions)
        compile_with_uv("-o", str(versions), *arguments)
        compile_with_uv("-o", str(files), "--format", "pylock.toml", "--constraint", str(versions))
        packages: list[Package] = tomllib.loads(files.read_text())["packages"]
    return packages


def compile_with_uv(*arguments: str) -> None:
    command = [
        str(Path(sys.executable).parent / "uv"),
        "pip",
        "compile",
        "pyproject.toml",
        "--quiet",
    ]
    # One version for every Python: figures that differed between two would be ours to explain.
    command += ["--universal", "--python-version", "3.11", "--fork-strategy", "fewest"]
    command += ["--extra", "dev", "--only-binary", ":all:", *arguments]
    subprocess.run(command, cwd=ROOT, check=True)


def entry(package: Package) -> str:
    marker = package.get("marker", EVERYWHERE)
    condition = "" if marker == EVERYWHERE else f" ; {marker}"
    hashes = sorted(wheel["hashes"]["sha256"] for wheel in package["wheels"] if is_wanted(wheel))
    if not hashes:
        raise SystemExit(f"tools/lock: {package['name']} {package['version']} has no wheel for us")
    options = "".join(f" \\\n    --hash=sha256:{each}" for each in hashes)
    return f"{package['name']}=={package['version']}{condition}{options}\n"


def is_wanted(wheel: dict[str, Any]) -> bool:
    """Read a wheel's tags: name-version[-build]-python-abi-platform."""
    name = wheel.get("name") or unquote(urlsplit(wheel["url"]).path).rpartition("/")[2]
    python, abi, platform = name.removesuffix(".whl").split("-")[-3:]
    fits_python = (
        "py3" in python.split(".")
        or abi == "abi3"
        or any(tag in PYTHONS and abi in {tag, "none"} for tag in python.split("."))
    )
    return fits_python and any(PLATFORMS.search(tag) for tag in platform.split("."))


if __name__ == "__main__":
    main(sys.argv[1:])
