"""Where run-time files lie.

Belongs here: paths under the one root.  Does not belong here: opening anything that lies there.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Layout:
    """Where run-time files lie; ``var`` is the only root."""

    var: Path

    @property
    def kansho(self) -> Path:
        """Ours."""
        return self.var / "kansho"

    @property
    def airflow(self) -> Path:
        """Airflow's home."""
        return self.var / "airflow"

    @property
    def outside(self) -> Path:
        """Other parties' premises; ``<party>/outgoing`` is what they send, ``<party>/received`` what we sent."""
        return self.var / "outside-world"

    @property
    def outputs(self) -> Path:
        """Reports, specimens, evidence: nothing of a resident."""
        return self.kansho / "outputs"

    def outgoing(self, party: str) -> Path:
        """What a party has put out for us to fetch."""
        return self.outside / party / "outgoing"

    def received(self, party: str) -> Path:
        """A party's letter box: what we hand over to it."""
        return self.outside / party / "received"
