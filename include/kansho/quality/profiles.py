"""Profiles kept from one delivery to the next: counts only, in the vault as ``gate_profile`` (D6).

Belongs here: which profile is the one before, and storing one.  Does not belong here: making or comparing profiles
(`kansho.quality.drift`).  A band may hold one person, so a profile is a holding of the campaign and is erased with it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace

import pandas as pd

from kansho.campaign.small_cells import suppress_parts
from kansho.contracts.model import Contract
from kansho.quality.catalogue import rules_of
from kansho.quality.definitions import RuleDef
from kansho.quality.drift import Profile, compare, doubts_of, profile
from kansho.vault.vault import SnapshotRef
from kansho.workspace import Workspace

PROFILE_KIND = "gate_profile"


def store_profile(ws: Workspace, subject: str, made: Profile, parents: Sequence[SnapshotRef] = ()) -> SnapshotRef:
    """Keep the profile of an accepted table; the same piece of work again finds it there.

    Raises:
        KanshoError: ``FLOW-UNAPPROVED`` when the year's data flow does not name ``gate_profile``.
    """
    data = json.dumps(made.to_json(), sort_keys=True, separators=(",", ":")).encode()
    return ws.store_bytes(PROFILE_KIND, f"{made.kind}-{subject}", data, rows=made.rows, parents=parents)


def last_profile(ws: Workspace, kind: str, subject: str) -> Profile | None:
    """Profile of the table accepted before ``subject``; for the first, last year's by the configuration, if any."""
    before: SnapshotRef | None = None
    for ref in ws.snapshots(PROFILE_KIND):
        if ref.key == f"{kind}-{subject}":
            break
        if ref.key.startswith(f"{kind}-"):
            before = ref
    if before is not None:
        return Profile.from_json(json.loads(ws.read_bytes(before)))
    last_year = next((y for y in ws.config.last_year if y.kind == kind), None)
    return None if last_year is None else Profile(kind, last_year.rows, last_year.bands)


def profiles_to_hand_over(ws: Workspace) -> list[Profile]:
    """The newest profile of each kind, without what tells of fewer people than the campaign's smallest cell (E3).

    They are what next year's configuration takes as ``last_year``.
    """
    newest: dict[str, Profile] = {}
    for ref in ws.snapshots(PROFILE_KIND):
        made = Profile.from_json(json.loads(ws.read_bytes(ref)))
        newest[made.kind] = made
    least = ws.config.disclosure.min_cell
    return [replace(made, bands=_told(made.bands, least)) for _, made in sorted(newest.items())]


def _told(bands: Mapping[str, Mapping[str, int]], least: int) -> dict[str, dict[str, int]]:
    kept = {
        column: {band: n for band, n in suppress_parts(counts, least).items() if n} for column, counts in bands.items()
    }
    return {column: counts for column, counts in kept.items() if counts}


def drift_doubts(now: Profile, last: Profile | None, rules: Mapping[str, RuleDef] | None = None) -> dict[str, int]:
    """Every drift rule that could be asked → rows that moved, 0 when the table is as before; as a gate takes them."""
    asked = rules_of(now.kind) if rules is None else rules
    if last is None:
        return {}
    names = [r for r in asked if r == "drift.rows" or r.removeprefix("drift.share.") in now.bands]
    return dict.fromkeys(names, 0) | doubts_of(compare(now, last, asked))


def drift_of(ws: Workspace, subject: str, frame: pd.DataFrame, contract: Contract) -> tuple[Profile, dict[str, int]]:
    """The table's profile, and its drift against the one before, by the campaign's tuned rules."""
    now = profile(frame, contract)
    return now, drift_doubts(now, last_profile(ws, contract.kind, subject), rules_of(contract.kind, ws.config))
