"""Who may not be contacted, on which channel, on which day, and why: the one engine.

Belongs here: the order of reasons and the fail-closed checks.  Selection, release, pull and each visiting
day call the same function (architecture decision 8).
"""

from __future__ import annotations

from datetime import date, timedelta

import pandas as pd

from kansho.campaign.ages import contact_over
from kansho.campaign.config import CampaignConfig
from kansho.campaign.rights import Channel, TargetGroup
from kansho.campaign.screenings import settled
from kansho.errors import KanshoError
from kansho.standing.facts import gather
from kansho.standing.status import status
from kansho.vault.vault import SnapshotRef
from kansho.workspace import Workspace

#: What a list says of a person that must still be so when it is used, by channel.
_SHOWN_ON: dict[Channel, frozenset[str]] = {
    Channel.MAIL: frozenset({"postal_code", "address", "address_extra", "name_kanji"}),
    Channel.CALL: frozenset({"phone", "name_kanji"}),
    Channel.VISIT: frozenset({"postal_code", "address", "address_extra", "name_kanji", "name_kana"}),
}


def require_fresh_stop_list(ws: Workspace) -> None:
    """Refuse to send without a stop list that is young enough today.

    Raises:
        KanshoError: ``STOP-MISSING``, ``STOP-STALE``, or ``STOP-UNDECIDED`` when a newer list was delivered that
            was refused or is held (fails closed; domain 2.1, decision 8).
    """
    accepted = ws.ledger.events("stop_list_accepted")
    if not accepted or ws.latest_or_none("stop_facts") is None:
        raise KanshoError("STOP-MISSING", "勧奨停止一覧がありません", remedy="区に停止一覧の提供を依頼してください")
    _require_decided(ws)
    issued = max(date.fromisoformat(e.codes["issued_on"]) for e in accepted)
    if ws.today - issued > timedelta(days=ws.config.stop_list.max_age_days):
        raise KanshoError(
            "STOP-STALE",
            f"勧奨停止一覧が古くなっています（{issued.isoformat()} 現在）",
            remedy="区に最新の停止一覧の提供を依頼してください",
        )


def undecided_stop_list(ws: Workspace) -> str | None:
    """The newest delivery whose stop list was refused or is held, and on which nobody has decided yet; else None."""
    accepted = ws.ledger.events("stop_list_accepted")
    if not accepted:
        return None  # without any list in force there is nothing to go on with
    expected = {d.id: d.files for d in ws.config.deliveries}
    newer = [
        e
        for e in ws.ledger.events()[accepted[-1].sequence + 1 :]
        if (e.type == "delivery_accepted" and "stop_list" in e.codes["kinds"].split("|"))
        or (e.type == "delivery_refused" and "stop_list" in expected.get(e.codes["delivery"].partition("-")[0], ()))
    ]
    decided = ws.ledger.events("stop_list_decided")
    if not newer or (decided and decided[-1].sequence > newer[-1].sequence):
        return None
    return newer[-1].codes.get("delivery", newer[-1].key)


def _require_decided(ws: Workspace) -> None:
    """A newer stop list that did not become facts stops every send until it is accepted or a person decides."""
    undecided = undecided_stop_list(ws)
    if undecided is not None:
        raise KanshoError(
            "STOP-UNDECIDED",
            "新しい勧奨停止一覧が受け入れられていません",
            place=undecided,
            remedy="再提供を受け入れるか、責任者が前の一覧の継続を決めてください（承認デスク「例外」）",
        )


def exclusions(
    ws: Workspace,
    listed: pd.DataFrame,
    channel: Channel,
    *,
    wave: str | None,
    spacing: bool,
    under_way: SnapshotRef | None = None,
) -> pd.Series:
    """Reason why each listed person must not be contacted today; '' when they may.

    Args:
        listed: rows with ``inquiry_number`` and ``group``; for the cancer group ``due_kinds`` ("03|07").
        channel: mail, call or visit.
        wave: with a wave, its hold-outs are excluded as ``held_out``: column ``holdout_<wave>`` of the plan it was
            selected from, which in a nested design holds those of earlier waves too.  None only where the caller
            forms the control arm.
        spacing: whether the minimum distance to the last contact counts (at selection; not at the door).
        under_way: at the door, the list that is about to be used: whom it names by an address, a name or a telephone
            number that a later delivery changed is excluded as ``outdated`` (a card to the old address is a leak).

    Returns:
        Series of codes on the index of ``listed``: held_out, unknown, left, identity_held, stopped, refused, deferred,
        aged_out, attended, reported_attended, outdated, bad_address, card_returned, no_phone, phone_dead, too_soon.

    Raises:
        KanshoError: ``STOP-MISSING``, ``STOP-STALE``, or ``PLAN-MISSING`` when a wave has no plan.
    """
    require_fresh_stop_list(ws)
    held = _held_out(ws, wave) if wave is not None else frozenset()
    facts = gather(ws)
    changed = outdated(facts.roster_changes, under_way, channel) if under_way is not None else frozenset()
    return reasons(
        listed,
        status(facts, ws.today),
        ws.config,
        channel,
        on=ws.today,
        held=held,
        changed=changed,
        spacing=spacing,
    )


def outdated(roster_changes: pd.DataFrame, listed: SnapshotRef, channel: Channel) -> frozenset[str]:
    """People of a list under way of whom a later delivery changed what the list says of them.  Pure.

    Args:
        roster_changes: kind ``roster_changes``: ``fields`` ("address|phone") and ``listed_in``, the lists that named
            the person when the change came ("card_list/mailing_1|call_list/call_1-a1").
        listed: the list.
        channel: what it is used for.
    """
    if roster_changes.empty or "listed_in" not in roster_changes:
        return frozenset()
    shown = _SHOWN_ON[channel]
    pairs = zip(roster_changes["fields"].fillna(""), roster_changes["listed_in"].fillna(""), strict=True)
    hit = [bool(shown & set(f.split("|"))) and listed.name in lists.split("|") for f, lists in pairs]
    return frozenset(roster_changes.loc[hit, "inquiry_number"])


def reasons(
    listed: pd.DataFrame,
    standing: pd.DataFrame,
    config: CampaignConfig,
    channel: Channel,
    *,
    on: date,
    held: frozenset[str] = frozenset(),
    changed: frozenset[str] = frozenset(),
    spacing: bool,
) -> pd.Series:
    """The pure part of `exclusions`: first matching reason wins, in the order of its docstring."""
    numbers = listed["inquiry_number"]
    at = standing.reindex(numbers.to_numpy())
    at.index = listed.index
    # not isin(): it takes the whole index apart, however few are asked about
    known = pd.Series(True, index=standing.index).reindex(numbers.to_numpy()).eq(True)
    known.index = listed.index

    def flag(column: str) -> pd.Series:
        return at[column].eq(True)

    is_kenshin = listed["group"].eq(TargetGroup.KENSHIN.value)
    checks: list[tuple[str, pd.Series]] = [
        # First: the gate of the print run asks for this reason, and no other may hide it.
        ("held_out", numbers.isin(held)),
        ("unknown", ~known),
        ("left", flag("left")),
        ("identity_held", flag("identity_held")),
        ("stopped", flag("stopped")),
        ("refused", flag("refused")),
        ("deferred", flag("deferred")),
        ("aged_out", contact_over(at["birth_date"], on, lead_days=config.targeting.aged_out_lead_days)),
        ("attended", (is_kenshin & flag("kenshin_attended")) | (~is_kenshin & _all_due_attended(listed, at, config))),
        ("reported_attended", is_kenshin & flag("reported_attended")),
    ]
    checks.append(("outdated", numbers.isin(changed)))
    if channel is Channel.MAIL:
        checks += [("bad_address", flag("bad_address")), ("card_returned", flag("card_returned"))]
    if channel is Channel.VISIT:
        checks.append(("bad_address", flag("bad_door")))
    if channel is Channel.CALL:
        checks += [("no_phone", ~flag("has_phone")), ("phone_dead", flag("phone_dead"))]
    if spacing:
        bound = (on - timedelta(days=config.targeting.min_days_between_contacts)).isoformat()
        checks.append(("too_soon", at["last_contact_on"].fillna("").astype(str).gt(bound)))
    out = pd.Series("", index=listed.index, dtype=object)
    for code, hit in checks:
        out = out.mask(out.eq("") & hit, code)
    return out


def _all_due_attended(listed: pd.DataFrame, at: pd.DataFrame, config: CampaignConfig) -> pd.Series:
    due = listed["due_kinds"].fillna("") if "due_kinds" in listed else pd.Series("", index=listed.index)
    done = at["attended_kinds"].fillna("")
    over = {text: settled(text.split("|"), config.targeting.screenings) for text in done.unique()}
    left = [set(filter(None, d.split("|"))) - over[k] for d, k in zip(due, done, strict=True)]
    return pd.Series([not kinds for kinds in left], index=listed.index)


def _held_out(ws: Workspace, wave: str) -> frozenset[str]:
    selected = ws.ledger.find("wave_selected", wave)
    # A plan that was made later and never approved has other people and, for newcomers, other arms.
    plan = ws.find("plan", selected.codes["plan"]) if selected is not None else ws.latest_or_none("plan")
    if plan is None:
        raise KanshoError("PLAN-MISSING", "勧奨計画がありません", remedy="計画の作成と区の承認を先に行ってください")
    frame = ws.read_table(plan)
    return frozenset(frame.loc[frame[f"holdout_{wave}"].eq(True), "inquiry_number"])
