"""What setting up says where it cannot go on: one message, with the packages to install.

The script runs as it stands, in a folder of its own, on a PATH that holds stand-ins and the tools it needs.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY

TOOLS = (
    "bash",
    "cat",
    "chmod",
    "cut",
    "dirname",
    "env",
    "grep",
    "mkdir",
    "rm",
    "sed",
    "sha256sum",
    "touch",
    "tr",
    "true",
)
HELD = 'case "$*" in *-c*) exit {fits};; *) echo "Python {version}";; esac'

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def setup(tmp_path: Path) -> Run:
    """Run the script with stand-ins (name → shell text)."""
    home, path = tmp_path / "house", tmp_path / "bin"
    (home / "scripts").mkdir(parents=True)
    path.mkdir()
    for name in ("requirements.txt", "pyproject.toml"):
        (home / name).write_text("")
    shutil.copy(REPOSITORY / "scripts" / "setup.sh", home / "scripts" / "setup.sh")
    for tool in TOOLS:
        found = shutil.which(tool)
        assert found, tool
        (path / tool).symlink_to(found)

    def stand_in(where: Path, text: str) -> None:
        where.parent.mkdir(parents=True, exist_ok=True)
        where.write_text(f"#!/usr/bin/env bash\n{text}\n")
        where.chmod(0o755)

    def run(
        *arguments: str, venv: str | None = None, ubuntu: bool = False, **stands: str
    ) -> subprocess.CompletedProcess[str]:
        given = {"dpkg_query": "exit 1", "python3": HELD.format(fits=0, version="3.12.3"), "id": "echo 1000", **stands}
        for name, text in given.items():
            stand_in(path / name.replace("_", "-"), text)
        if venv is not None:
            stand_in(home / ".venv" / "bin" / "python", venv)
            stand_in(home / ".venv" / "bin" / "kansho", "true")
            stamp = subprocess.run(
                ["bash", "-c", "cat requirements.txt pyproject.toml scripts/setup.sh | sha256sum | cut -c1-16"],
                cwd=home,
                capture_output=True,
                text=True,
                check=True,
            ).stdout.strip()
            (home / ".venv" / f".kansho-{stamp}").touch()
        release = tmp_path / "os-release"
        release.write_text("ID=ubuntu\n" if ubuntu else "ID=debian\n")
        return subprocess.run(
            ["bash", "scripts/setup.sh", *arguments],
            cwd=home,
            env={"PATH": str(path), "OS_RELEASE": str(release)},
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def told(ended: subprocess.CompletedProcess[str]) -> str:
    """The last words of a set-up that did not end well."""
    assert ended.returncode == 1, ended.stdout + ended.stderr
    return ended.stderr.strip().splitlines()[-1]


PLEASE = "please install these packages, then run again: apt-get install"


def test_without_root_it_lists_what_is_missing(setup: Run) -> None:
    said = told(setup(dpkg_query='[ "${@: -1}" = fonts-noto-cjk ] || echo "install ok installed"'))
    assert said == f"setup: {PLEASE} fonts-noto-cjk"


def test_a_sudo_that_asks_for_a_password_is_no_root(setup: Run) -> None:
    assert PLEASE in told(setup(sudo="exit 1"))


@pytest.mark.parametrize("who", [{"id": "echo 0"}, {"sudo": 'shift; exec "$@"'}])
def test_where_apt_itself_fails_its_words_are_followed_by_the_list(setup: Run, who: dict[str, str]) -> None:
    ended = setup(apt_get='echo "E: Unable to locate package" >&2; exit 100', **who)
    assert "E: Unable to locate package" in ended.stderr
    said = told(ended)
    assert said.startswith("setup: apt-get could not install them")
    assert f"{PLEASE} libpango-1.0-0" in said
    assert said.endswith("poppler-utils")


def test_lists_that_cannot_be_renewed_are_no_end_while_the_packages_are_there(setup: Run) -> None:
    ended = setup(id="echo 0", apt_get='[ "$1" = install ]', venv="true")
    assert (ended.returncode, "trying with the lists that are here" in ended.stderr) == (0, True)


def test_a_python_without_venv_asks_for_that_package(setup: Run) -> None:
    without = 'case "$*" in *" venv") exit 1;; *-c*) exit 0;; esac'
    assert told(setup(python3=without)).endswith("poppler-utils python3-venv")


def test_a_python_that_is_too_new_is_told_as_such_and_no_package_is_asked_for(setup: Run) -> None:
    ended = setup(python3=HELD.format(fits=1, version="3.14.0"))
    assert "Python 3.11, 3.12 or 3.13 is needed, and here is Python 3.14.0" in told(ended)
    assert "apt-get install" not in ended.stderr


DRY = """case "$*" in
*--dry-run*) echo 'Missing system dependencies (2):'; echo '  libnss3'; echo '  libgbm1';;
*"playwright install"*) exit 1;;
esac"""
INSTALLED = '[[ "${@: -1}" = lib[ng]* ]] || echo "install ok installed"'


def test_without_root_on_ubuntu_the_browsers_libraries_are_listed(setup: Run) -> None:
    said = told(setup("--tests", ubuntu=True, venv=DRY, dpkg_query=INSTALLED))
    assert said == f"setup: {PLEASE} libnss3 libgbm1"


def test_with_its_libraries_the_browser_needs_no_root_and_what_fails_is_told(setup: Run) -> None:
    said = told(setup("--tests", ubuntu=True, venv=DRY, dpkg_query='echo "install ok installed"'))
    assert said.startswith("setup: the tests' browser could not be fetched")
    fetched = DRY.replace('*"playwright install"*) exit 1', '*"playwright install"*) exit 0')
    assert setup("--tests", ubuntu=True, venv=fetched, dpkg_query='echo "install ok installed"').returncode == 0
