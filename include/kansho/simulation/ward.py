"""The ward: sealed deliveries in the formats municipalities write, redeliveries, corrections, the receipt.

Mishaps: the first target list carries a column that the contract does not name; after the contractor's notice it
is delivered again.  Some rows break the rules; asked for by a 差戻し依頼 they come again, corrected, with the next
delivery.  Somebody whose card is at the printer asks to be left alone before it is posted.  One delivery with its stop
list is forgotten until somebody asks for it, when the list before has become too old.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pandas as pd
from openpyxl import load_workbook

from kansho.campaign.config import CampaignConfig, ExpectedDelivery
from kansho.contracts.registry import REGISTRY
from kansho.simulation import histories
from kansho.simulation.draws import choice, uniform, uniforms
from kansho.simulation.effects import Attendances
from kansho.simulation.municipal import Seal, file_of, sealed
from kansho.simulation.premises import Premises, as_json, put
from kansho.simulation.spelling import spelled, with_gaiji

#: Days until an attendance is known to the ward: 医療機関 → 国保連 → 区.
LAG_DAYS = 60
_REDELIVERY_DAYS = 3
_STOPPED_SHARE = 0.012
_BAD_ROW_SHARE = 0.009


@dataclass(frozen=True)
class Ward:
    """The ward's office."""

    config: CampaignConfig
    people: pd.DataFrame
    seed: int
    premises: Premises
    mishaps: bool
    objected: Callable[[date], Set[str]] = lambda day: frozenset()

    def act(self, day: date, attended: Callable[[], Attendances]) -> None:
        """Deliver what is due, deliver again what was refused, correct what was sent back, receipt the hand-over."""
        for expected in self.config.deliveries:
            on = self._delivered_on(expected)
            if on is not None and on <= day:
                first = self.mishaps and expected == self.config.deliveries[0]
                self._deliver(expected, expected.id, on, attended, forbidden=first)
        self._redeliver(day, attended)
        self._correct(day)
        self._receipt()

    def remind(self, day: date) -> None:
        """Somebody telephones the ward: what it forgot comes the same day."""
        late = forgotten(self.config)
        if self.mishaps and late is not None and late.on <= day and self._delivered_on(late) is None:
            put(self._reminder(late), as_json({"asked_on": day.isoformat()}))

    def _reminder(self, expected: ExpectedDelivery) -> Any:
        return self.premises.desk / f"reminder--{expected.id}.json"

    def _delivered_on(self, expected: ExpectedDelivery) -> date | None:
        if not self.mishaps or expected != forgotten(self.config):
            return expected.on
        path = self._reminder(expected)
        return date.fromisoformat(json.loads(path.read_text())["asked_on"]) if path.is_file() else None

    def _redeliver(self, day: date, attended: Callable[[], Attendances]) -> None:
        for notice in sorted(self.premises.received.glob("refusal--*.json")):
            said = json.loads(notice.read_text(encoding="utf-8"))
            on = date.fromisoformat(said["refused_on"]) + timedelta(days=_REDELIVERY_DAYS)
            base = said["delivery"].partition("-r")[0]
            expected = next((d for d in self.config.deliveries if d.id == base), None)
            if expected is not None and on <= day:
                number = int(said["delivery"].partition("-r")[2] or 1) + 1
                self._deliver(expected, f"{base}-r{number}", on, attended, forbidden=False)

    def _correct(self, day: date) -> None:
        """Answer every 差戻し依頼 on the next delivery's day: the rows of the target list it names, put right."""
        for package, path in self.premises.incoming("send_back"):
            opened = self.premises.open(path)
            asked_on = date.fromisoformat(opened.manifest["handed_over_on"])
            on = next((d.on for d in self.config.deliveries if d.on > asked_on), None)
            rows = _asked_for(opened.files["send_back.xlsx"])
            wrong = self.people[self.people["inquiry_number"].isin(rows)]
            if on is not None and on <= day and not wrong.empty:
                frame = wrong[list(REGISTRY["target_list"].names)]
                note = {"answers": package}
                self._put(f"{package.removeprefix('sb-')}-c1", on, {"target_list": frame}, "zip", note, scope="changes")

    def _deliver(
        self,
        expected: ExpectedDelivery,
        delivery: str,
        on: date,
        attended: Callable[[], Attendances],
        *,
        forbidden: bool,
    ) -> None:
        if self._is_out(delivery):
            return
        tables: dict[str, pd.DataFrame] = {kind: self._table(kind, on, attended) for kind in expected.files}
        self._put(delivery, on, tables, self._seal_of(expected), {}, forbidden=forbidden)

    def _seal_of(self, expected: ExpectedDelivery) -> Seal:
        """The clerk's habit: the second delivery as a workbook that is its own seal, the next two as 7z, else zip."""
        place = self.config.deliveries.index(expected)
        if place == 1 and len(expected.files) == 1:
            return "xlsx"
        return "7z" if place in (2, 3) else "zip"

    def _is_out(self, delivery: str) -> bool:
        return (self.premises.outgoing / delivery / "cover_note.json").is_file()

    def _put(
        self,
        delivery: str,
        on: date,
        tables: Mapping[str, pd.DataFrame],
        seal: Seal,
        said: Mapping[str, str],
        *,
        scope: str = "whole",
        forbidden: bool = False,
    ) -> None:
        if self._is_out(delivery):
            return
        files: dict[str, bytes] = {}
        announced = []
        for kind, frame in tables.items():
            mapping = self.config.mapping(kind)
            head = ("世帯主氏名", frame["name_kanji"]) if forbidden and kind == "target_list" else None
            if kind == "target_list":
                frame = frame.assign(name_kanji=with_gaiji(frame["name_kanji"], self._gaiji_share(frame)))
            name, data = file_of(kind, spelled(frame, kind, mapping), mapping, workbook=seal == "xlsx", extra=head)
            files[name] = data
            announced.append(
                {
                    "name": name,
                    "kind": kind,
                    "rows": len(frame),
                    "sha256": hashlib.sha256(data).hexdigest(),
                    "nil_return": kind == "stop_list" and frame.empty,
                    "scope": scope,
                }
            )
        password = self._password(delivery)
        name, data = sealed(files, password, seal)
        note = {
            "delivery": delivery,
            "campaign": self.config.id,
            "issued_on": on.isoformat(),
            "medium": {"kind": "CD-R", "serial": f"CDR-{delivery.upper()}"},
            "sealed_sha256": hashlib.sha256(data).hexdigest(),
            "files": announced,
            **said,
        }
        folder = self.premises.outgoing / delivery
        put(folder / name, data)
        put(self.premises.root / self.premises.party / "passwords" / f"{delivery}.txt", password.encode())
        put(folder / "cover_note.json", as_json(note))

    def _gaiji_share(self, frame: pd.DataFrame) -> pd.Series:
        return pd.Series(uniforms(self.seed, "gaiji", frame["inquiry_number"]), index=frame.index)

    def _password(self, delivery: str) -> str:
        letters = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz23456789"
        return "".join(choice(self.seed, f"password-{i}", delivery, letters) for i in range(20))

    # -- tables ------------------------------------------------------------------------------------

    def _table(self, kind: str, on: date, attended: Callable[[], Attendances]) -> pd.DataFrame:
        if kind == "stop_list":
            return self._stop_list(on)
        if kind == "attendance_update":
            return self._attendance(on, attended())
        if kind == "checkup_results":
            return histories.checkup_results(self.people, self.config, self.seed)
        if kind == "past_attendance":
            return histories.past_attendance(self.people, self.config)
        if kind == "screening_history":
            return histories.screening_history(self.people, self.config)
        if kind == "past_outreach":
            return histories.past_outreach(self.people, self.config)
        columns = list(REGISTRY[kind].names)
        if kind == "analysis_items":
            approved = {"inquiry_number", *self.config.approved_analysis_items}
            columns = [c for c in columns if c in approved]
            return self.people[columns]
        return self._with_bad_rows(self.people[columns].copy())

    def _with_bad_rows(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Some rows as they really come: another kana, an age of last year, a postal code of nowhere."""
        if not self.mishaps:
            return frame
        hit = uniforms(self.seed, "bad-row", frame["inquiry_number"]) < _BAD_ROW_SHARE
        for index in frame.index[hit]:
            row = {name: str(frame.at[index, name]) for name in ("inquiry_number", "name_kanji", "age_at_year_end")}
            kind = choice(self.seed, "bad-kind", row["inquiry_number"], ("kana", "age", "postal", "sex"))
            wrong = {
                "kana": ("name_kana", row["name_kanji"]),
                "age": ("age_at_year_end", str(int(row["age_at_year_end"]) - 1)),
                "postal": ("postal_code", "000-0000"),
                "sex": ("sex", "9"),
            }
            column, value = wrong[kind]
            frame.at[index, column] = value
        return frame

    def _stop_list(self, on: date) -> pd.DataFrame:
        """The whole list as of a day: it grows over the year, and holds who objected meanwhile."""
        numbers = self.people["inquiry_number"]
        u = uniforms(self.seed, "stop", numbers)
        begun = uniforms(self.seed, "stop-day", numbers) * 300 - 30
        days = (on - self.config.contract.start).days
        objected = self.objected(on) if self.mishaps else frozenset()
        listed = self.people[((u < _STOPPED_SHARE) & (begun <= days)) | numbers.isin(objected)]
        kinds = [
            "1" if n in objected else choice(self.seed, "stop-kind", n, ("1", "2"), (80, 20))
            for n in listed["inquiry_number"]
        ]
        until = [
            (on + timedelta(days=30 + int(150 * uniform(self.seed, "stop-until", n)))).isoformat() if k == "2" else None
            for n, k in zip(listed["inquiry_number"], kinds, strict=True)
        ]
        return pd.DataFrame(
            {"inquiry_number": list(listed["inquiry_number"]), "stop_kind": kinds, "until": until}, dtype=object
        )

    def _attendance(self, on: date, attended: Attendances) -> pd.DataFrame:
        """What the ward knows on a day: attendances of two months ago and earlier, all of this year."""
        bound = (on - timedelta(days=LAG_DAYS)).isoformat()
        kenshin = attended.kenshin[attended.kenshin.notna() & (attended.kenshin.fillna("9") <= bound)]
        cancer = attended.cancer[attended.cancer.notna() & (attended.cancer.fillna("9") <= bound)]
        kinds = self.people.set_index("inquiry_number")["screening_kinds"].reindex(cancer.index)
        rows = [(n, "90", d) for n, d in kenshin.items()]
        rows += [
            (n, kind, d)
            for (n, d), listed in zip(cancer.items(), kinds, strict=True)
            for kind in (listed or "").split("|")
            if kind
        ]
        return pd.DataFrame(rows, columns=["inquiry_number", "screening_kind", "attendance_date"], dtype=object)

    def _receipt(self) -> None:
        for package, path in self.premises.incoming("handover"):
            if self.premises.answered("handover_receipt", package):
                continue
            opened = self.premises.open(path)
            receipt = {
                "campaign": self.config.id,
                "package": package,
                "sha256_sealed": hashlib.sha256(path.read_bytes()).hexdigest(),
                "counts": opened.manifest["counts"],
            }
            self.premises.send("handover_receipt", package, {"receipt.json": as_json(receipt)})


def forgotten(config: CampaignConfig) -> ExpectedDelivery | None:
    """The first delivery without which a wave would find the stop list too old; None where every list lasts."""
    waves = config.waves
    sends = [d for m in waves.mailings for d in (m.select_on, m.pull_on)]
    sends += [d for c in waves.calls for d in c.rounds_on]
    sends += [d for v in waves.visits for d in (v.select_on, *v.days)]
    listed = [d for d in config.deliveries if "stop_list" in d.files]
    for before, late, after in zip(listed[1:-1], listed[2:], [*listed[3:], None], strict=True):
        end = after.on if after else config.contract.end
        stale = before.on + timedelta(days=config.stop_list.max_age_days)
        if any(late.on <= send < end and send > stale for send in sends):
            return late
    return None


def _asked_for(workbook: bytes) -> set[str]:
    """Numbers that the 差戻し依頼 names for the target list."""
    sheet = load_workbook(io.BytesIO(workbook), read_only=True).active
    head, *rows = [[str(cell or "") for cell in row] for row in sheet.iter_rows(values_only=True)]  # type: ignore[union-attr]
    at = {name: position for position, name in enumerate(head)}
    title = REGISTRY["target_list"].title
    return {row[at["お問い合わせ番号"]] for row in rows if row[at["ファイル"]] == title}
