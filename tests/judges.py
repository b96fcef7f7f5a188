"""Outside judges: programs that others wrote (openssl, unzip, nghttpd, chromium...) and that tests call to check our work.

A judge that is missing makes its test skip with a reason that the last lines of the run repeat; with CI=true it makes the test
fail, because there .ci/run has installed them all. May not enter: anything that replaces a judge by code of ours.
"""

import os
import shutil
import sys
from dataclasses import dataclass
from typing import NoReturn

MISSING = "judge not found: "
"""How a skip reason begins when a judge is missing; plugins/judges_report.py counts by it."""


@dataclass(frozen=True)
class Judge:
    """A program: the Debian package that brings it, and the names it goes by. `file`: what shows that a library is there."""

    package: str
    names: tuple[str, ...]
    file: str = ""


JUDGES: dict[str, Judge] = {
    "openssl": Judge("openssl", ("openssl",)),
    "unzip": Judge("unzip", ("unzip",)),
    "nghttpd": Judge("nghttp2-server", ("nghttpd",)),
    "nghttp": Judge("nghttp2-client", ("nghttp",)),
    "h2load": Judge("nghttp2-client", ("h2load",)),
    "curl": Judge("curl", ("curl",)),
    "chromium": Judge("chromium", ("chromium", "chromium-browser", "google-chrome")),
    "wrk": Judge("wrk", ("wrk",)),
    "zbarimg": Judge("zbar-tools", ("zbarimg",)),
    "kpkpass": Judge("libkpimpkpass-dev", (), "/usr/include/KPim/KPkPass/pass.h"),  # KDE's reader of passes
    "cmake": Judge("cmake", ("cmake",)),  # builds a program over it
    "make": Judge("make", ("make",)),
    "c++": Judge("g++", ("c++", "g++", "clang++")),
    "passes-gtk": Judge("passes-gtk", (), "/usr/share/passes-gtk/passes/pkpass.py"),  # GNOME's reader of passes
    "node": Judge("nodejs", ("node", "nodejs")),  # runs passkit-generator's schemas, which npm fetches
    "npm": Judge("npm", ("npm",)),
    "useradd": Judge("passwd", ("useradd",)),  # no judge: the PostgreSQL that pip brings makes itself an account when root runs it
}
"""Every judge that a test may ask for. .ci/run reads the packages from here (`python3 tests/judges.py --missing`)."""


def in_ci() -> bool:
    return os.environ.get("CI", "").lower() in ("1", "true", "yes")


def find(name: str) -> str | None:
    """Path of the judge, or None. An unknown name is a bug of the test."""
    if JUDGES[name].file:
        return JUDGES[name].file if os.path.exists(JUDGES[name].file) else None
    places = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin", "/usr/local/sbin"])
    return next((path for alias in JUDGES[name].names if (path := shutil.which(alias, path=places))), None)


def absent(what: str, mend: str) -> NoReturn:
    """Ends the test: a failure in CI, a skip with a recorded reason elsewhere."""
    import pytest  # here, because .ci/run reads JUDGES before anything is installed

    reason = f"{MISSING}{what} ({mend})"
    if in_ci():
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


def judge(name: str) -> str:
    """Path of the judge `name` (a key of JUDGES). Where it is missing the test skips, or fails when CI is set."""
    path = find(name)
    if path is None:
        absent(name, f"Debian package {JUDGES[name].package}")
    return path


if __name__ == "__main__":
    wanted = {entry.package for name, entry in JUDGES.items() if "--missing" not in sys.argv or find(name) is None}
    print(" ".join(sorted(wanted)))
