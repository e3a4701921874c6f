"""A party's premises: its key, its letter box and what it puts out.

Files are whole or absent, and what is already out is never made again, so a world that is killed and played
again ends in the same state.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from kansho.contracts.model import Contract
from kansho.exchange.package import Package, pack, unpack
from kansho.exchange.tables import from_csv, to_csv
from kansho.vault.keys import new_identity, open_package, recipient_of, seal_package


def put(path: Path, data: bytes) -> None:
    """Write a file whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    with part.open("wb") as handle:
        handle.write(data)
        handle.flush()
        os.fsync(handle.fileno())
    part.replace(path)


@dataclass(frozen=True)
class Premises:
    """One party outside."""

    root: Path
    party: str
    campaign: str

    @property
    def outgoing(self) -> Path:
        """What the party puts out."""
        return self.root / self.party / "outgoing"

    @property
    def received(self) -> Path:
        """Its letter box."""
        return self.root / self.party / "received"

    @property
    def desk(self) -> Path:
        """What the party keeps for itself."""
        return self.root / self.party / "desk"

    def settle_in(self) -> None:
        """Make the party's key, and give its public half away."""
        path = self.desk / "identity.txt"
        if not path.is_file():
            put(path, new_identity().encode())
        put(self.outgoing / "recipient.txt", recipient_of(path.read_text()).encode())

    def incoming(self, kind: str) -> Iterator[tuple[str, Path]]:
        """Packages of a kind that we sent: (package id, file), sorted."""
        for path in sorted(self.received.glob(f"{kind}--*.age")):
            yield path.name[len(kind) + 2 : -4], path

    def open(self, path: Path) -> Package:
        """Open a package with the party's own key."""
        return unpack(open_package(path.read_bytes(), (self.desk / "identity.txt").read_text().strip()))

    def answered(self, kind: str, package: str) -> bool:
        """Whether this package is already out."""
        return (self.outgoing / f"{kind}--{package}.age").is_file()

    def send(self, kind: str, package: str, files: Mapping[str, bytes]) -> None:
        """Seal files to the contractor and put them out, once."""
        ours = self.received / "contractor_recipient.txt"
        if self.answered(kind, package) or not ours.is_file():
            return
        manifest = {"campaign": self.campaign, "package": package, "kind": kind, "from": self.party}
        put(self.outgoing / f"{kind}--{package}.age", seal_package(pack(files, manifest), ours.read_text().strip()))


def table(frame: pd.DataFrame, contract: Contract) -> bytes:
    """A table as this party writes it."""
    return to_csv(frame, contract)


def read(data: bytes, contract: Contract) -> pd.DataFrame:
    """A table as it was sent to this party."""
    return from_csv(data, contract)


def as_json(value: Any) -> bytes:
    """JSON bytes."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True).encode()
