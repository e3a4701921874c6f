"""The state of the clauses as people read it: a table of the report, lines of a terminal, JSON.

Belongs here: words and choosing.  Does not belong here: which state an obligation has (`kansho.oversight.clauses`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from kansho.campaign.config import CampaignConfig
from kansho.documents.model import Table
from kansho.oversight.clauses import Breach, Item

STATES = {"done": "完了", "due": "期限前", "overdue": "期限超過", "not_applicable": "該当なし"}
_PARTIES = {"contractor": "乙", "subcontractor": "丙"}


def choose(items: Iterable[Item], clause: str = "", only: str = "", party: str = "") -> list[Item]:
    """The items of a requirement (``P9``) or a clause's number (``乙22``), of a state, of a party; '' asks for all."""
    return [
        i
        for i in items
        if (not clause or clause in i.duty.requirements or _is(i.duty.clause, clause))
        and (not only or i.state == only)
        and (not party or i.party == party)
    ]


def _is(clause: str, asked: str) -> bool:
    """``乙22（法の速報）`` is of ``乙22``, ``乙22`` is not of ``乙2``."""
    return clause.startswith(asked) and not clause[len(asked) :][:1].isdigit()


def to_json(item: Item) -> dict[str, Any]:
    """Plain form."""
    duty = item.duty
    return {
        "id": duty.id,
        "clause": duty.clause,
        "requirements": list(duty.requirements),
        "party": item.party,
        "who": duty.who or _PARTIES[duty.party],
        "duty": duty.text,
        "subject": item.subject,
        "state": item.state,
        "due": item.due.isoformat() if item.due else None,
        "done_on": item.done_on.isoformat() if item.done_on else None,
        "late": item.late,
        "events": list(item.events),
        "why": item.why,
        "breached": bool(item.breaches),
        "incidents": [
            {
                "incident": b.incident,
                "known_on": b.known_on.isoformat(),
                "closed_on": b.closed_on.isoformat() if b.closed_on else None,
            }
            for b in item.breaches
        ],
    }


def clause_table(items: Sequence[Item], config: CampaignConfig) -> Table:
    """One row for each obligation over all parties: how many of each state, and what to know of it."""
    rows = tuple(
        (duty[0].duty.clause, duty[0].duty.text, duty[0].duty.who or _PARTIES[duty[0].duty.party], *_counted(duty))
        + (_remark(duty, config),)
        for duty in _by_duty(items)
    )
    return Table(
        ("条項", "義務", "主体", "完了", "期限前", "超過", "備考"), rows, numeric=(3, 4, 5), caption="一行が義務一つ"
    )


def as_text(items: Sequence[Item], config: CampaignConfig) -> str:
    """Lines for a terminal: each obligation, and below it what is open, came late or was broken.

    × overdue or broken now, △ done late or broken once, ・ due, ○ done, － not applicable.
    """
    out = []
    for duty in _by_duty(items):
        first = duty[0].duty
        done, due, overdue = _counted(duty)
        marred = any(i.late or i.breaches for i in duty)
        mark = "×" if overdue != "0" else "△" if marred else "・" if due != "0" else "○" if done != "0" else "－"
        out.append(
            f"{mark} {first.clause}　{first.text}　［{'・'.join(first.requirements) or '－'}］ "
            f"完了 {done}・期限前 {due}・超過 {overdue}　{_remark(duty, config)}".rstrip()
        )
        out += [f"    {line}" for line in _open_lines(duty, config)]
    tally = {name: sum(i.state == state for i in items) for state, name in STATES.items()}
    return "\n".join([*out, "　".join(f"{name} {n:,}" for name, n in tally.items())]) + "\n"


def _by_duty(items: Iterable[Item]) -> list[list[Item]]:
    found: dict[str, list[Item]] = {}
    for item in items:
        found.setdefault(item.duty.id, []).append(item)
    return list(found.values())


def _counted(duty: Sequence[Item]) -> tuple[str, str, str]:
    counted = [f"{sum(i.state == state for i in duty):,}" for state in ("done", "due", "overdue")]
    return counted[0], counted[1], counted[2]


def _remark(duty: Sequence[Item], config: CampaignConfig) -> str:
    """The next day, how many came late, what broke it and when, the events that show it; else why not applicable."""
    days = sorted(i.due for i in duty if i.state == "due" and i.due)
    late = sum(i.late for i in duty)
    shown = sorted({n for i in duty for n in i.events})
    broken = sorted({i.why for i in duty if i.state in ("overdue", "due") and i.why})
    once = sorted({_breach(b) for i in duty for b in i.breaches if b.closed_on is not None})
    parts = [f"次の期限 {days[0].isoformat()}"] if days else []
    parts += [f"遅れて完了 {late}"] if late else []
    parts += broken
    parts += [f"守られなかった時がある（終結した事故 {'、'.join(once)}）"] if once else []
    if shown:
        parts.append(f"記録 {_numbers(shown)}")
    if all(i.state == "not_applicable" for i in duty):
        parts.append("該当なし：" + "、".join(dict.fromkeys(i.why for i in duty)))
    return "。".join(parts)


def _breach(breach: Breach) -> str:
    return (
        f"{breach.incident} {breach.known_on.isoformat()}〜{breach.closed_on.isoformat() if breach.closed_on else ''}"
    )


def _numbers(shown: Sequence[int]) -> str:
    return "・".join(map(str, shown)) if len(shown) <= 3 else f"{shown[0]}・{shown[1]}…{shown[-1]}（{len(shown)}件）"


def _marks(item: Item) -> str:
    return ("（遅延）" if item.late else "") + ("（事故あり）" if item.breaches else "")


def _open_lines(duty: Sequence[Item], config: CampaignConfig) -> list[str]:
    names = {p.id: p.name for p in config.parties}
    return [
        f"{STATES[i.state]}{_marks(i)}　{names[i.party]}　{i.subject}　期限 {i.due or '－'}"
        + (f"　{i.done_on}" if i.done_on else "")
        + (f"　{i.why}" if i.why else "")
        for i in duty
        if i.state == "overdue" or i.late or i.breaches or (i.state == "due" and i.why)
    ]
