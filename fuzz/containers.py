"""Sealed containers: outer bytes changed as they are, inner ones (7z header, workbook, deflate) before sealing.

A container checks itself (CRC, HMAC), so blind changes hardly get past the first check.  Half of the cases are
therefore changed underneath and sealed properly by the library that wrote them.
"""

from __future__ import annotations

import functools
import random
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

import py7zr.archiveinfo
import py7zr.compressor

from fuzz.mutate import mutate
from kansho.errors import KanshoError
from kansho.intake.containers import open_container
from tests.containers import PASSWORD, package_of, sevenzip_of, with_crcs, workbook_of, zip_of, zip_with_name_bytes

_CANARY = "Kanaria-7-uta"
_TABLE = f"番号,氏名\r\n0001,{_CANARY}\r\n".encode("cp932") * 30
_FILES = {"対象者一覧.csv": _TABLE, "a.csv": _TABLE[:40], "empty.csv": b""}
_SHEET = {"xl/worksheets/sheet1.xml": b"<row/>" * 300, "xl/sharedStrings.xml": _CANARY.encode() * 9}
_NAMES = ((*_FILES,), ("a.xlsx",))


@contextmanager
def _sealed_by(rng: random.Random) -> Iterator[None]:
    """Salts, vectors and times of the writers come from ``rng``."""
    with (
        mock.patch("pyzipper.zipfile_aes.Random.new", return_value=mock.Mock(read=rng.randbytes)),
        mock.patch("py7zr.compressor.get_random_bytes", rng.randbytes),
        mock.patch.object(py7zr.helpers.ArchiveTimestamp, "from_now", return_value=py7zr.helpers.ArchiveTimestamp()),
        mock.patch("msoffcrypto.method.ecma376_agile._random_buffer", rng.randbytes),
        mock.patch("msoffcrypto.method.container.ecma376_encrypted.datetime2filetime", return_value=0),
    ):
        yield


class Containers:
    """`open_container` under fuzz, as a `fuzz.targets.Target`."""

    def __init__(self, rng: random.Random) -> None:
        # one password without a salt: deriving its 7z key once instead of twice a case
        self._derive = functools.lru_cache(64)(py7zr.compressor.calculate_key)
        windows = {name.encode("cp932"): data for name, data in _FILES.items()}
        with _sealed_by(rng), mock.patch("py7zr.compressor.calculate_key", self._derive):
            self._corpus = [
                zip_of(_FILES),
                zip_of(_FILES, method=zipfile.ZIP_STORED),
                zip_with_name_bytes(windows),
                zip_of({"a.xlsx": package_of(_SHEET)}),
                sevenzip_of(_FILES),
                sevenzip_of({"a.xlsx": package_of(_SHEET)}),
                workbook_of(package_of(_SHEET)),
            ]

    def case(self, rng: random.Random) -> bytes:
        """A changed container."""
        makers: tuple[Callable[[random.Random], bytes], ...] = (
            *(self._outer, self._outer, self._outer, self._splice),
            *(_inner_header, _inner_package, _inner_workbook, _inner_deflate),
        )
        with _sealed_by(rng), mock.patch("py7zr.compressor.calculate_key", self._derive):
            return rng.choice(makers)(rng)

    def trial(self, data: bytes) -> None:
        """Open it with the names of either corpus; what opens has exactly the announced names."""
        with mock.patch("py7zr.compressor.calculate_key", self._derive):
            tables, workbook = (_open(data, names) for names in _NAMES)
        if tables and workbook:
            raise workbook if tables.code == "INTAKE-NAMES" else tables

    def _outer(self, rng: random.Random) -> bytes:
        data = mutate(rng.choice(self._corpus), rng)
        return with_crcs(data) if data.startswith(b"7z") and len(data) > 32 and rng.random() < 0.7 else data

    def _splice(self, rng: random.Random) -> bytes:
        first, second = rng.choice(self._corpus), rng.choice(self._corpus)
        return first[: rng.randrange(len(first))] + second[rng.randrange(len(second)) :]


def _open(data: bytes, names: tuple[str, ...]) -> KanshoError | None:
    try:
        contents = open_container(data, PASSWORD, names)
    except KanshoError as error:
        refusal = error
    else:
        if set(contents) != set(names):
            raise AssertionError("other names than announced")
        return None
    if PASSWORD in refusal.text or _CANARY in refusal.text:
        raise AssertionError("a refusal quotes the password or contents")
    return refusal


def _inner_header(rng: random.Random) -> bytes:
    """A 7z whose decrypted header is hostile."""
    write = py7zr.archiveinfo.Header.write

    def spoiled(header: Any, file: Any, afterheader: int, encoded: bool = True, encrypted: bool = False) -> Any:
        written = write(header, file, afterheader, encoded, encrypted)
        if encoded or encrypted:
            return written
        data = mutate(file.getvalue(), rng)
        file.seek(0)
        file.truncate()
        file.write(data)
        return 0, len(data), zlib.crc32(data)

    with mock.patch.object(py7zr.archiveinfo.Header, "write", spoiled):
        return sevenzip_of(_FILES)


def _inner_package(rng: random.Random) -> bytes:
    """A plain workbook, hostile inside, in a proper archive."""
    seal = rng.choice((zip_of, sevenzip_of))
    return seal({"a.xlsx": mutate(package_of(_SHEET), rng)})


def _inner_workbook(rng: random.Random) -> bytes:
    """A hostile workbook, properly protected."""
    package = mutate(package_of(_SHEET), rng)
    return workbook_of(package.ljust(4096, b"\0"))


def _inner_deflate(rng: random.Random) -> bytes:
    """A proper WinZip archive around hostile deflate streams."""
    squeeze = zlib.compressobj(9, zlib.DEFLATED, -15)
    stream = mutate(squeeze.compress(_TABLE) + squeeze.flush(), rng)
    stored = zip_of({**_FILES, "a.csv": stream}, method=zipfile.ZIP_STORED)
    return stored.replace(b"AE\x03\x00\x00", b"AE\x03\x08\x00")
