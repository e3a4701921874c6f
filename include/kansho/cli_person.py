"""Who gives a command: a person of the bound configuration, as whom the campaign is opened.

Belongs here: that question alone, for commands that are recorded under a name.  Does not belong here: what each role
may do, which the rules themselves judge.
"""

from __future__ import annotations

import argparse
from collections.abc import Collection
from pathlib import Path
from typing import Any

from kansho.errors import KanshoError


def campaign_as(arguments: argparse.Namespace, *, purpose: str = "", roles: Collection[str] | None = None) -> Any:
    """The workspace of ``--config``, ``--var`` and ``--date``, acting as ``--user`` (C1).

    Args:
        arguments: with these four.
        purpose: of reading what lies in the vault.
        roles: who may give the command; every registered role by default.

    Raises:
        KanshoError: ``CLI-USER`` for anybody else.
    """
    from kansho.bound import bound_config
    from kansho.campaign.config import load_config
    from kansho.evidence.events import Actor
    from kansho.workspace import Workspace

    ws = Workspace.open(load_config(Path(arguments.config)), arguments.var, arguments.date, purpose=purpose)
    handler = bound_config(ws).handler_of_user(arguments.user)
    if handler is None or handler.role is None or (roles is not None and handler.role.value not in roles):
        raise KanshoError(
            "CLI-USER",
            "この操作ができる、登録された取扱者ではありません",
            place=arguments.user,
            remedy=f"次の役割の利用者名を指定してください: {' '.join(sorted(roles))}"
            if roles
            else "取扱者の利用者名を指定してください",
        )
    return ws.acting_as(Actor(handler.party, arguments.user, handler.role.value))
