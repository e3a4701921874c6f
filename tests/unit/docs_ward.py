"""The files of an invented ward that the how-to about formats begins with, as its systems write them."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
from collections.abc import Sequence
from pathlib import Path

from kansho.campaign.config import load_config
from kansho.contracts.registry import contract
from tests.conftest import MINI, SAMPLE, without_keys
from tests.containers import PASSWORD, zip_of
from tests.deliveries import csv_of, numbers, stops

#: The ward's own headings of the target list, by ours, in its order.
TARGETS = {
    "inquiry_number": "整理番号",
    "name_kana": "宛名カナ",
    "name_kanji": "宛名氏名",
    "sex": "性別",
    "birth_date": "生年月日",
    "age_at_year_end": "年齢",
    "postal_code": "郵便番号",
    "address": "住所",
    "address_extra": "方書",
    "phone": "電話１",
    "screening_kinds": "検診券",
    "outreach_result": "勧奨結果",
    "attendance_date": "受診日",
}
_ROWS = 40
#: A number that exists and is nobody's home: the office of the sample.
PHONE = load_config(SAMPLE).ward.phone


def write_sample(folder: Path) -> None:
    """``ward.yaml``, ``sample/`` with a file of each kind, and ``d01/``, the sealed delivery with its 送付書."""
    (folder / "ward.yaml").write_text(
        without_keys(MINI.read_text(encoding="utf-8"), "mappings", "gaiji", "rules"), "utf-8"
    )
    sample = folder / "sample"
    sample.mkdir()
    (sample / "taisho.csv").write_bytes(targets())
    (sample / "kekka.csv").write_bytes(results())
    (sample / "stop.csv").write_bytes(stop_list())
    _seal(folder / "d01", {"対象者.csv": ("target_list", targets(), _ROWS), "停止.csv": ("stop_list", stop_list(), 1)})
    (folder / "password.txt").write_text(PASSWORD + "\n", encoding="utf-8")


def targets() -> bytes:
    """Target list in CP932: 和暦, 性別 in words, a row of the total, one 外字 (F040), one row in half-width kana."""
    rows: list[Sequence[str]] = [list(TARGETS.values())]
    for at, number in enumerate(numbers(_ROWS)):
        kana = "ﾔﾏﾅｼ ﾘﾝ" if at == 1 else "ヤマナシ　リン"
        name = "月見里　\ue000" if at == 2 else "月見里　凛"
        birth = f"S52.{6 + at // 28:02d}.{1 + at % 28:02d}"
        home = ["1300001", f"墨田区吾妻橋一丁目２３番{at + 1}号", "見本荘"]
        phone = "090-000" if at == 3 else PHONE
        rows.append([number, kana, name, "女", birth, "50", *home, phone, "大腸・肺", "", ""])
    rows.append([f"合計 {_ROWS}件", *[""] * (len(TARGETS) - 1)])
    return _csv(rows, "cp932")


def results() -> bytes:
    """国保連's FKAC167: a control row, two pairs of blood pressures under one heading, columns that come empty."""
    config, known = load_config(MINI), contract("checkup_results")
    names = known.permitted(config.approved_analysis_items)
    heads = ["保険者番号", *(known.column(name).header for name in names)]
    at = heads.index("収縮期血圧")
    heads[at:at] = ["腹囲", "収縮期血圧", "拡張期血圧"]  # not approved, and of the first measurement
    values = {"exam_date": "20261120", "report_kind": "10", "height": "160.0", "weight": "50.0", "bmi": "19.5"}
    values |= {"systolic": "120", "diastolic": "80"}
    rows: list[Sequence[str]] = [["1", "FKAC167"], heads]
    for number in numbers(3):
        row = ["", *({**values, "inquiry_number": number}.get(name, "") for name in names)]
        row[at:at] = ["", "", ""]
        rows.append(row)
    return _csv(rows, "cp932")


def stop_list() -> bytes:
    """A stop list as the contract has it."""
    return csv_of("stop_list", stops((numbers(_ROWS)[5], "1", "")))


def merge(config: Path, block: str) -> None:
    """Put the keys of a block into the campaign file, as text, in place of those that are there."""
    text = without_keys(config.read_text(encoding="utf-8"), *re.findall(r"^(\w+):", block, re.MULTILINE))
    config.write_text(f"{text.rstrip()}\n{block}", encoding="utf-8")


def _csv(rows: Sequence[Sequence[str]], encoding: str) -> bytes:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\r\n").writerows(rows)
    return buffer.getvalue().encode(encoding)


def _seal(folder: Path, files: dict[str, tuple[str, bytes, int]]) -> None:
    folder.mkdir()
    sealed = zip_of({name: data for name, (_, data, _) in files.items()})
    (folder / "sealed.zip").write_bytes(sealed)
    note = {
        "delivery": "d01",
        "campaign": load_config(MINI).id,
        "issued_on": "2027-04-19",
        "medium": {"kind": "CD-R", "serial": "CDR-2027-01"},
        "sealed_sha256": hashlib.sha256(sealed).hexdigest(),
        "files": [
            {"name": name, "kind": kind, "rows": rows, "sha256": hashlib.sha256(data).hexdigest()}
            for name, (kind, data, rows) in files.items()
        ],
    }
    (folder / "cover_note.json").write_text(json.dumps(note, ensure_ascii=False), encoding="utf-8")
