"""Rotation: every key of a campaign wrapped anew, under another passphrase or another KMS key.

Belongs here: the order of the steps, such that a rotation that was killed goes on when it is asked for again.  Does not
belong here: wrapping one key (the keepers), or the record in the ledger (the command).

    settings say "under way" → each key wrapped anew (work goes on: both forms open) → settings say "done"

What is turned is what wraps the keys.  The keys themselves stay, and with them every sealed object and its digest, on
which the ledger stands: no personal data is opened.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from kansho.campaign.config import CampaignConfig
from kansho.errors import KanshoError
from kansho.vault.deployed import Settings, keeper_of, passphrase_in, read_settings, write_settings


@dataclass(frozen=True)
class Rotated:
    """A rotation at its end: its number, the keeper, and how many keys the campaign has."""

    number: int
    keeper: str
    keys: int


def rotate(keys: Path, config: CampaignConfig, passphrase_file: str, done: Callable[[Rotated], None]) -> Rotated:
    """Turn every key of a campaign; go on with a rotation that was not finished.

    Args:
        keys: folder of all campaigns' keys.
        config: the campaign's; a key service is asked only where it approves of it.
        passphrase_file: of the new passphrase (`Settings`); empty for KMS.  Plain files are wrapped by it.
        done: told once everything is turned, before the rotation counts as finished.

    Raises:
        KanshoError: ``KEY-ROTATION`` when the file does not fit the keeper, or another rotation is under way;
            else as the keepers.
    """
    campaign = config.id
    before = read_settings(keys, campaign)
    said = before if before.under_way else _begin(before, passphrase_file)
    if (said.passphrase_file if said.keeper == "passphrase" else "") != passphrase_file:
        raise _refused("別の合言葉への更新が途中です", "同じ合言葉のファイルで最後まで進めてください")
    if said.keeper == "passphrase":
        passphrase_in(passphrase_file)  # refused before anything is written
    if said != before:
        write_settings(keys, campaign, said)
    keeper = keeper_of(keys, config)
    names = keeper.names()
    for name in names:
        keeper.turn(name, said.rotation)
    rotated = Rotated(said.rotation, said.keeper, len(names))
    done(rotated)
    write_settings(keys, campaign, replace(said, under_way=False, former_file=""))
    return rotated


def _begin(before: Settings, passphrase_file: str) -> Settings:
    number = before.rotation + 1
    if before.keeper == "kms":
        if passphrase_file:
            raise _refused("KMSの鍵に合言葉はありません", "--passphrase-file を付けずに実行してください")
        return replace(before, rotation=number, under_way=True)
    if not passphrase_file or passphrase_file == before.passphrase_file:
        raise _refused("新しい合言葉のファイルが必要です", "別のファイルに新しい合言葉を書き、指定してください")
    return Settings("passphrase", passphrase_file, rotation=number, under_way=True, former_file=before.passphrase_file)


def _refused(message: str, remedy: str) -> KanshoError:
    return KanshoError("KEY-ROTATION", message, remedy=remedy)
