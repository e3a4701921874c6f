"""The ward: sealed deliveries in the formats municipalities write, redeliveries, the receipt.

Mishaps: the first target list carries a column that the contract does not name; after the contractor's notice it
is delivered again.  Some rows break the rules.  A person asks to be left alone between selection and posting.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

import pandas as pd
import pyzipper

from kansho.campaign.config import CampaignConfig, ExpectedDelivery
from kansho.contracts.registry import REGISTRY
from kansho.simulation.draws import choice, uniform, uniforms
from kansho.simulation.effects import Attendances
from kansho.simulation.premises import Premises, as_json, put

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

    def act(self, day: date, attended: Callable[[], Attendances]) -> None:
        """Deliver what is due, deliver again what was refused, receipt the hand-over."""
        for expected in self.config.deliveries:
            if expected.on <= day:
                first = self.mishaps and expected == self.config.deliveries[0]
                self._deliver(expected, expected.id, expected.on, attended, forbidden=first)
        self._redeliver(day, attended)
        self._receipt()

    def _redeliver(self, day: date, attended: Callable[[], Attendances]) -> None:
        for notice in sorted(self.premises.received.glob("refusal--*.json")):
            said = json.loads(notice.read_text(encoding="utf-8"))
            on = date.fromisoformat(said["refused_on"]) + timedelta(days=_REDELIVERY_DAYS)
            base = said["delivery"].partition("-r")[0]
            expected = next((d for d in self.config.deliveries if d.id == base), None)
            if expected is not None and on <= day:
                number = int(said["delivery"].partition("-r")[2] or 1) + 1
                self._deliver(expected, f"{base}-r{number}", on, attended, forbidden=False)

    def _deliver(
        self,
        expected: ExpectedDelivery,
        delivery: str,
        on: date,
        attended: Callable[[], Attendances],
        *,
        forbidden: bool,
    ) -> None:
        folder = self.premises.outgoing / delivery
        if (folder / "cover_note.json").is_file():
            return
        files: dict[str, bytes] = {}
        announced = []
        for kind in expected.files:
            frame = self._table(kind, on, attended)
            data = self._csv(frame, kind, forbidden=forbidden and kind == "target_list")
            name = f"{kind}.csv"
            files[name] = data
            digest = hashlib.sha256(data).hexdigest()
            announced.append(
                {"name": name, "kind": kind, "rows": len(frame), "sha256": digest, "nil_return": frame.empty}
            )
        password = self._password(delivery)
        sealed = _seal(files, password)
        note = {
            "delivery": delivery,
            "campaign": self.config.id,
            "issued_on": on.isoformat(),
            "medium": {"kind": "CD-R", "serial": f"CDR-{delivery.upper()}"},
            "sealed_sha256": hashlib.sha256(sealed).hexdigest(),
            "files": announced,
        }
        put(folder / "sealed.zip", sealed)
        put(self.premises.root / self.premises.party / "passwords" / f"{delivery}.txt", password.encode())
        put(folder / "cover_note.json", as_json(note))

    def _password(self, delivery: str) -> str:
        letters = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz23456789"
        return "".join(choice(self.seed, f"password-{i}", delivery, letters) for i in range(20))

    # -- tables ------------------------------------------------------------------------------------

    def _table(self, kind: str, on: date, attended: Callable[[], Attendances]) -> pd.DataFrame:
        if kind == "stop_list":
            return self._stop_list(on)
        if kind == "attendance_update":
            return self._attendance(on, attended())
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
        """The whole list as of a day: it grows over the year."""
        numbers = self.people["inquiry_number"]
        u = uniforms(self.seed, "stop", numbers)
        begun = uniforms(self.seed, "stop-day", numbers) * 300 - 30
        days = (on - self.config.contract.start).days
        listed = self.people[(u < _STOPPED_SHARE) & (begun <= days)]
        kinds = [choice(self.seed, "stop-kind", n, ("1", "2"), (80, 20)) for n in listed["inquiry_number"]]
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

    def _csv(self, frame: pd.DataFrame, kind: str, *, forbidden: bool) -> bytes:
        """As a municipal system writes it: the ward's headers and encoding, CRLF, every field quoted."""
        mapping = self.config.mapping(kind)
        headers = [
            (mapping.headers.get(name) if mapping else None) or REGISTRY[kind].column(name).header
            for name in frame.columns
        ]
        out = frame.where(frame.notna(), "")
        if forbidden:
            headers.append("世帯主氏名")
            out = out.assign(_head=frame["name_kanji"])
        buffer = io.StringIO()
        writer = csv.writer(buffer, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
        writer.writerow(headers)
        writer.writerows(out.itertuples(index=False, name=None))
        return buffer.getvalue().encode((mapping.encoding if mapping else None) or "cp932")

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


def _seal(files: dict[str, bytes], password: str) -> bytes:
    buffer = io.BytesIO()
    with pyzipper.AESZipFile(buffer, "w", compression=pyzipper.ZIP_DEFLATED, encryption=pyzipper.WZ_AES) as archive:
        archive.setpassword(password.encode())
        archive.setencryption(pyzipper.WZ_AES, nbits=256)
        for name, data in files.items():
            archive.writestr(name, data)
    return buffer.getvalue()
