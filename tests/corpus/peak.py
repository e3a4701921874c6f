"""``python -m tests.corpus.peak VAR DELIVERY ...``: the memory that these deliveries cost a process of their own.

They lie in a workspace with their passwords entered.  The first is a good one: what it costs is the measure of the
others.  Written to the standard output as JSON: ``before`` and ``after`` in KiB, and the code of each refusal.
"""

from __future__ import annotations

import json
import re
import sys
from datetime import date
from pathlib import Path

from kansho.campaign.config import Gaiji, load_config
from kansho.intake.stage import take_in
from kansho.workspace import Workspace
from tests.conftest import MINI


def main(var: str, good: str, *others: str) -> None:
    """Take them in one by one."""
    config = load_config(MINI).model_copy(update={"mappings": (), "gaiji": Gaiji()})
    ws = Workspace.open(config, Path(var), date(2027, 4, 20)).for_purpose("extract_intake")
    assert take_in(ws, {"deliveries": [good]})["accepted"] == [good]
    before = _peak_kib()
    refused = [r for other in others for r in take_in(ws, {"deliveries": [other]})["refused"]]
    after = _peak_kib()
    codes = {r["delivery"]: r["code"] for r in refused}
    print(json.dumps({"before": before, "after": after, "codes": codes}))


def _peak_kib() -> int:
    """The most memory of this program so far; `resource` would tell that of its parent, if that had more."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(re.findall(r"^VmHWM:\s+(\d+) kB$", status, re.MULTILINE)[0])


if __name__ == "__main__":
    main(*sys.argv[1:])
