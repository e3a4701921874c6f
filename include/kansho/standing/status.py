"""Status of every person of the roster: a pure function of the facts and the day.

Belongs here: what follows from facts.  Decision table, in words: the ward's stop list wins over
everything; then what the person said to anyone on any channel; then what the post and the telephone showed.
"""

from __future__ import annotations

from datetime import date

import pandas as pd

from kansho.contracts import codes
from kansho.standing.facts import Facts
from kansho.standing.returned import BAD_ADDRESS, at_a_bad_address, returned

_REPORTED_ATTENDED = "12"
_INBOUND_ATTENDED = "2"
_DEFER = "2"


def status(facts: Facts, on: date) -> pd.DataFrame:
    """One row per person, indexed by ``inquiry_number``.

    Columns: ``left`` (no longer on the ward's list), ``identity_held`` (two deliveries name different persons under
    one number), ``stopped`` (ward's list), ``deferred`` (ward's list, until a date not yet passed),
    ``refused`` (said so, or a stop outcome, on any channel), ``kenshin_attended`` and
    ``reported_attended`` (bool), ``attended_kinds`` ("03|90", known screenings this year),
    ``card_returned`` (for whatever reason), ``bad_address`` (the card did not find the person), ``bad_door`` (nor
    anybody's at that address), ``phone_dead``, ``has_phone`` (bool), ``birth_date``, ``last_contact_on`` (ISO text or
    None).
    """
    roster = facts.roster.set_index("inquiry_number")
    out = pd.DataFrame(index=roster.index)
    out["left"] = out.index.isin(_last_said(facts.roster_changes, on="left", off=("added", "changed")))
    out["identity_held"] = out.index.isin(_last_said(facts.roster_changes, on="held", off=("released", "left")))
    stops = facts.stop_facts
    deferred = stops["stop_kind"].eq(_DEFER) & stops["until"].notna()
    still = deferred & stops["until"].fillna("").astype(str).ge(on.isoformat())
    out["stopped"] = out.index.isin(stops.loc[~deferred, "inquiry_number"])
    out["deferred"] = out.index.isin(stops.loc[still, "inquiry_number"])

    refusals = [
        facts.call_results.loc[facts.call_results["outcome"].isin(codes.STOP_OUTCOMES), "inquiry_number"],
        facts.visit_results.loc[facts.visit_results["outcome"].isin(codes.STOP_OUTCOMES), "inquiry_number"],
        facts.inbound_records.loc[facts.inbound_records["purpose"].isin(codes.INBOUND_STOP_PURPOSES), "inquiry_number"],
    ]
    out["refused"] = out.index.isin(pd.concat(refusals))

    out["attended_kinds"] = _attended_kinds(facts).reindex(out.index).fillna("")
    with_kenshin = [kinds for kinds in out["attended_kinds"].unique() if codes.KENSHIN_KIND in kinds.split("|")]
    out["kenshin_attended"] = out["attended_kinds"].isin(with_kenshin)
    reported = [
        facts.call_results.loc[facts.call_results["outcome"].eq(_REPORTED_ATTENDED), "inquiry_number"],
        facts.visit_results.loc[facts.visit_results["outcome"].eq(_REPORTED_ATTENDED), "inquiry_number"],
        facts.inbound_records.loc[facts.inbound_records["purpose"].eq(_INBOUND_ATTENDED), "inquiry_number"],
    ]
    out["reported_attended"] = out.index.isin(pd.concat(reported))

    back = returned(facts)
    bad = back.loc[back["return_reason"].isin(BAD_ADDRESS), "inquiry_number"]
    out["card_returned"] = out.index.isin(back["inquiry_number"])
    out["bad_address"] = out.index.isin(bad)
    out["bad_door"] = out["bad_address"] | out.index.isin(list(at_a_bad_address(facts, bad)))
    dead = facts.call_results.loc[facts.call_results["outcome"].isin(codes.DEAD_PHONE_OUTCOMES), "inquiry_number"]
    out["phone_dead"] = out.index.isin(dead)
    out["has_phone"] = roster["phone"].notna()
    out["birth_date"] = roster["birth_date"]
    out["last_contact_on"] = _last_contact(facts).reindex(out.index)
    return out


def _last_said(changes: pd.DataFrame, *, on: str, off: tuple[str, ...]) -> pd.Series:
    """Numbers whose last change among ``on`` and ``off`` is ``on``."""
    told = changes[changes["change"].isin((on, *off))].drop_duplicates("inquiry_number", keep="last")
    return told.loc[told["change"].eq(on), "inquiry_number"]


def _attended_kinds(facts: Facts) -> pd.Series:
    listed = facts.roster.loc[facts.roster["attendance_date"].notna(), ["inquiry_number"]].assign(
        screening_kind=codes.KENSHIN_KIND
    )
    known = pd.concat([listed, facts.attendance_facts[["inquiry_number", "screening_kind"]]]).drop_duplicates()
    if known.empty:
        return pd.Series(dtype=object)
    return known.sort_values("screening_kind").groupby("inquiry_number")["screening_kind"].agg("|".join)


def _last_contact(facts: Facts) -> pd.Series:
    spoken = facts.call_results[facts.call_results["answered_by"].isin(["self", "family"])]
    parts = [
        facts.postings[["inquiry_number", "posted_on"]].rename(columns={"posted_on": "day"}),
        spoken[["inquiry_number", "called_on"]].rename(columns={"called_on": "day"}),
        facts.visit_results[["inquiry_number", "visited_on"]].rename(columns={"visited_on": "day"}),
    ]
    days = pd.concat([p for p in parts if not p.empty] or parts[:1]).dropna(subset="day")
    # not groupby().max(): over texts it calls Python for every person
    newest = days.sort_values("day", kind="stable").drop_duplicates("inquiry_number", keep="last")
    return newest.set_index("inquiry_number")["day"]
