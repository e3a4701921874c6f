"""Stage functions of mailing_production.

Belongs here: the card list, the gate before release, the sealed package.  Does not belong here: the proof
(`kansho.mailing.proofing`), the print run (`kansho.mailing.printing`).
States of a wave: selected → cards prepared → proof and 校了 → printed → print run checked → handed over.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from kansho import exchange
from kansho.campaign.config import MailingWave
from kansho.campaign.rights import Channel, Work
from kansho.contracts.registry import PRINT_LIST
from kansho.contracts.ward_font import ward_font
from kansho.errors import KanshoError
from kansho.exchange.authority import authority_of
from kansho.exchange.tables import to_csv
from kansho.mailing.barcode import bars_of, symbols_of
from kansho.mailing.cards import cards_of
from kansho.mailing.face import Card
from kansho.mailing.lists import card_list
from kansho.mailing.orders import papers
from kansho.mailing.press import FEW, Printed, check
from kansho.mailing.printing import file_name, files_of, release_gate, require_file, run_name
from kansho.mailing.proofing import proven_artwork
from kansho.mailing.readback import RULES
from kansho.mailing.shard import render_shard
from kansho.mailing.ward_lists import tell_unprintable
from kansho.mailing.waves import mailing
from kansho.quality.pages import issue_gate_page
from kansho.standing import exclusions
from kansho.vault.vault import SnapshotRef
from kansho.workspace import Workspace


def find_mailing_work(ws: Workspace, work: Mapping[str, Any]) -> dict[str, Any] | None:
    """The wave whose cards are to be made; None when there is none today."""
    for wave in ws.config.waves.mailings:
        if wave.select_on <= ws.today < wave.pull_on and not handed_over(ws, wave.id):
            return {"wave": wave.id}
    return None


def prepare_cards(ws: Workspace, work: Mapping[str, Any]) -> dict[str, Any] | None:
    """The card list: kind ``card_list``, event ``cards_prepared``; selected = printable + unprintable.

    None when nobody was selected.
    """
    wave = mailing(ws.config, str(work["wave"]))
    ref = ws.find("card_list", wave.id)
    if ref is None:
        assignment = ws.find("wave_assignment", wave.id)
        if assignment is None:
            raise KanshoError(
                "MAILING-UNSELECTED", "対象者がまだ選ばれていません", place=wave.id, remedy="選定からやり直してください"
            )
        frame = ws.read_table(assignment)
        roster_refs = ws.snapshots("roster")
        roster = ws.read_all("roster")
        if roster is None:
            raise KanshoError(
                "MAILING-ROSTER",
                "名簿がありません",
                place=wave.id,
                remedy="対象者一覧の受入れと検証を先に行ってください",
            )
        own = ward_font(ws.config.gaiji)
        cards = card_list(
            frame[frame["arm"].eq("outreach")],
            roster.drop_duplicates("inquiry_number", keep="last"),
            number=_number(ws, wave),
            prefecture=ws.config.ward.prefecture,
            own=own.glyphs if own else frozenset(),
            postal=ws.config.addresses.postal_mismatch,
        )
        ref = ws.store_table("card_list", wave.id, cards, parents=[assignment, *roster_refs])
    cards = ws.read_table(ref)
    printable = int(cards["printable"].sum())
    counts = {"selected": len(cards), "printable": printable, "unprintable": len(cards) - printable}
    reasons = cards.loc[~cards["printable"], "reason"].value_counts().sort_index()
    ws.record(
        "cards_prepared",
        wave.id,
        counts=counts,
        refs={"list": ref, "reasons": {str(k): int(v) for k, v in reasons.items()}},
    )
    return {"wave": wave.id, "list": ref.to_json(), "counts": counts} if printable else None


def check_print_run(ws: Workspace, work: Mapping[str, Any]) -> dict[str, Any]:
    """Gate ``print_release``: every card is read back from the PDF and compared with the list and the approved design.

    Raises:
        KanshoError: ``GATE-PRINT-RELEASE`` naming the rules, after they were recorded.
    """
    wave = mailing(ws.config, str(work["wave"]))
    cards = ws.read_table(SnapshotRef.from_json(work["list"]))
    printable = cards[cards["printable"]]
    proven = proven_artwork(ws, wave, cards, SnapshotRef.from_json(work["proof"]))
    run = int(work["run"])
    drawn = {design.id: data for design, data in proven}
    few = int(cards["printable"].sum()) <= FEW
    wrong = check(_printed(ws, wave, run, cards, drawn), ward_font(ws.config.gaiji), here=few)
    reason = exclusions(ws, printable, Channel.MAIL, wave=wave.id, spacing=False)
    rules = {
        **{rule: wrong[rule] for rule in RULES},
        "held_out": int(reason.eq("held_out").sum()),
        "unknown": int(reason.eq("unknown").sum()),
        "serial_twice": int(printable["serial"].duplicated().sum()),
        "person_twice": int(printable["inquiry_number"].duplicated().sum()),
    }
    failed = "|".join(f"{name}:{n}" for name, n in rules.items() if n)
    event = ws.record(
        "gate_evaluated",
        f"print_release/{run_name(wave.id, run)}",
        counts={"rows": len(printable), "accepted": 0 if failed else len(printable), "quarantined": 0},
        codes={"gate": "print_release", "result": "stop" if failed else "pass", "rules": failed},
    )
    issue_gate_page(ws, event)
    if failed or event.codes["result"] != "pass":
        raise KanshoError(
            "GATE-PRINT-RELEASE",
            f"印刷データを引き渡せません（{failed or event.codes['rules']}）",
            place=wave.id,
            remedy="取扱責任者と原因を除いてから、通知の作成をもう一度始めてください。印刷データはすべて作り直されます",
        )
    return dict(work)


def hand_over_print_package(ws: Workspace, work: Mapping[str, Any]) -> dict[str, Any]:
    """Seal the package to the printer, tell 甲 whose card cannot be printed, and issue a specimen of each design.

    Raises:
        KanshoError: ``MAILING-UNCHECKED`` without the passed gate, ``EXCHANGE-AUTHORITY`` without the approval.
    """
    wave = mailing(ws.config, str(work["wave"]))
    run = int(work["run"])
    gate = release_gate(ws, wave.id, run)
    if gate is None or gate.codes["result"] != "pass":
        raise KanshoError(
            "MAILING-UNCHECKED", "印刷データの検査を通っていません", place=wave.id, remedy="検査からやり直してください"
        )
    proof, listed = SnapshotRef.from_json(work["proof"]), SnapshotRef.from_json(work["list"])
    cards = ws.read_table(listed)
    printable = cards[cards["printable"]]
    proven = proven_artwork(ws, wave, cards, proof)
    designs = [design for design, _ in proven]
    files: dict[str, bytes] = {}
    sizes: dict[str, int] = {}
    made_of = [listed]
    for key, _, rows in files_of(cards, wave, run):
        name, made = file_name(key, wave.id), require_file(ws, key)
        files[name], sizes[name] = ws.read_bytes(made), len(rows)
        made_of.append(made)
    files |= papers(ws, wave, designs, printable, {name: (sizes[name], data) for name, data in files.items()})
    files["print_list.csv"] = to_csv(printable.assign(wave=wave.id), PRINT_LIST)
    event = exchange.hand_over(
        ws,
        party=ws.config.party_for(Work.ADDRESSING).id,
        work=Work.ADDRESSING,
        package=wave.id,
        kind="print_package",
        files=files,
        counts={"rows": len(printable)},
        authority=authority_of(ws, proof),
        parents=made_of,
    )
    tell_unprintable(ws, wave.id, cards)
    for design, drawn in proven:
        name = f"specimens/card-{design.id}-{wave.id}.pdf"
        if ws.ledger.find("document_issued", name) is None:
            specimen = render_shard([SPECIMEN], drawn)
            ws.issue_document(name, specimen, title=f"はがき見本（{design.manifest.title}）", kind="specimen")
    return {"wave": wave.id, "counts": dict(event.counts)}


def handed_over(ws: Workspace, wave: str) -> bool:
    """Whether the wave's cards are at the printer."""
    party = ws.config.party_for(Work.ADDRESSING).id
    return ws.ledger.find("package_handed_over", f"{party}/print_package/{wave}") is not None


#: Somebody who lives nowhere, for specimens.
SPECIMEN = Card(
    "M0-000000",
    "0000-0000-00",
    "000-0001",
    ("架空県見本市見本町1丁目2番3号", "見本ハイツ405号室"),
    "見本 花子",
    bars_of(symbols_of("0000001", "1-2-3-405")),
)


def _printed(
    ws: Workspace, wave: MailingWave, run: int, cards: pd.DataFrame, drawn: Mapping[str, bytes]
) -> Iterator[Printed]:
    """Every file of the print run, as it lies in the vault; nothing, where it is missing, which the check finds."""
    for key, design, rows in files_of(cards, wave, run):
        ref = ws.find("print_pdf", key)
        yield Printed(key, tuple(cards_of(rows)), ws.read_bytes(ref) if ref else b"", drawn[design])


def _number(ws: Workspace, wave: MailingWave) -> int:
    return [w.id for w in ws.config.waves.mailings].index(wave.id) + 1
