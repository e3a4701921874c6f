"""What a campaign on S3 claims, held against what the cloud keeps; it is looked at without a call.  Not a test."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from kansho.evidence.ledger import Ledger
from kansho.vault.store import LocalStore
from kansho.vault.vault import Vault
from kansho.workspace import Workspace
from tests.faults.claims import Left
from tests.s3_server import EVIDENCE, PERSONAL
from tests.small_cloud import Cloud, State, Version


class Seen(LocalStore):
    """Objects below a prefix of a bucket, read without a call; like S3 it cannot tell that one is still the same."""

    mark = None  # type: ignore[assignment]

    def __init__(self, state: State, bucket: str, prefix: str) -> None:
        self._kept, self._prefix = state.versions[bucket], prefix

    def read(self, name: str) -> bytes:
        body = self._kept.get(self._prefix + name, (Version("", None),))[-1].body
        if body is None:
            raise KeyError(name)
        return body

    def exists(self, name: str) -> bool:
        return self._prefix + name in self._kept

    def names(self, prefix: str = "") -> Iterator[str]:
        root = self._prefix + prefix
        return iter(sorted(key.removeprefix(self._prefix) for key in self._kept if key.startswith(root)))


@dataclass(frozen=True)
class OnCloud(Left):
    """A campaign on S3, its keys in KMS."""

    cloud: Cloud

    def _ws(self) -> Workspace:
        """Its objects are looked at in the server's memory."""
        ws, state = super()._ws(), self.cloud.state

        def vault(part: str) -> Vault:
            return Vault(self.config.id, Seen(state, PERSONAL, f"{self.config.id}/{part}/"), ws.keyring)

        log = Ledger(self.config.id, Seen(state, EVIDENCE, f"{self.config.id}/ledger/"))
        return replace(ws, vault=vault("vault"), needles=vault("needles"), ledger=log)

    def log(self) -> list[bytes]:
        """The log as the bucket has it."""
        kept = self.cloud.state.versions[EVIDENCE]
        return [kept[key][0].body or b"" for key in sorted(kept) if f"{self.config.id}/ledger/events/" in key]

    def lies(self) -> list[str]:
        """Beside what no campaign may claim: nothing of the evidence is written twice, nothing hidden is left."""
        found = [f"written twice: {k}" for k, versions in self.cloud.state.versions[EVIDENCE].items() if versions[1:]]
        if "campaign_certified" in {e.type for e in self.events()}:
            found += [f"certified, and there: {key}" for key in self.cloud.state.versions[PERSONAL]]
            found += [f"certified, and being uploaded: {key}" for _, key, *_ in self.cloud.state.uploads.values()]
            usable = sum(key.usable for key in self.cloud.state.keys.values())
            found += [f"certified, and {usable} keys can be used"] if usable > 1 else []  # the signing key stays
        return super().lies() + found
