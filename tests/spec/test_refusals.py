"""What is refused at the door: one line per bad delivery, with the code the ward is told (D1, D3, D7).

Whatever is refused is refused whole: nothing of it is kept but the sealed original, the reason names no
person's value, and another delivery beside it is not held up.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from datetime import date
from io import BytesIO
from typing import Any

import pytest

from kansho.errors import KanshoError
from kansho.intake.stage import find_deliveries, settle_intake, take_in
from kansho.workspace import Workspace
from tests.deliveries import Delivery, csv_of, numbers, people, person, seal, whole

Open = Callable[[date], Workspace]
DAY = date(2027, 4, 20)


def _column_too_many(d: Delivery) -> None:
    d.add("target_list", people(), extra="世帯主氏名")


def _unapproved_analysis_item(d: Delivery) -> None:
    d.add("analysis_items", [], extra="腹囲")


def _column_missing(d: Delivery) -> None:
    d.add("target_list", people(), without="phone")


def _column_twice(d: Delivery) -> None:
    d.add("target_list", people(), extra="性別")


def _another_encoding(d: Delivery) -> None:
    d.add("target_list", people(), encoding="euc_jp")


def _two_encodings(d: Delivery) -> None:
    d.files["target_list"] += csv_of("target_list", people(1), encoding="utf-8").split(b"\r\n", 1)[1]
    d.rows["target_list"] += 1


def _row_cut_short(d: Delivery) -> None:
    d.files["target_list"] += b'"130-0001","x"\r\n'
    d.rows["target_list"] += 1


def _open_quote(d: Delivery) -> None:
    d.files["target_list"] += b'"130-0001'


def _nul_byte(d: Delivery) -> None:
    d.files["target_list"] = d.files["target_list"].replace("月見里".encode("cp932"), b"\x00\x00", 1)


def _fewer_rows(d: Delivery) -> None:
    d.rows["target_list"] = 4


def _my_number(d: Delivery) -> None:
    d.add("target_list", [*people(2), person(numbers(3)[2], address_extra="123456789018")])


def _my_number_in_groups(d: Delivery) -> None:
    d.add("target_list", [*people(2), person(numbers(3)[2], address_extra="備考 1234-5678-9018")])


def _no_target(d: Delivery) -> None:
    d.add("target_list", [])


def _empty_stop_list(d: Delivery) -> None:
    d.nil = frozenset()


def _file_digest(d: Delivery) -> None:
    data = {f"{k}.csv": v for k, v in d.files.items()}
    data["target_list.csv"] = csv_of("target_list", [*people(2), person(numbers(3)[2], sex="1")])
    d.sealed = seal(data)


def _sealed_digest(d: Delivery) -> None:
    d.note["sealed_sha256"] = "0" * 64


def _other_campaign(d: Delivery) -> None:
    d.note["campaign"] = "elsewhere_2027"


def _note_with_a_comment(d: Delivery) -> None:
    d.note["remarks"] = "至急"


def _note_names_a_path(d: Delivery) -> None:
    d.note["files"] = [{"name": "../x.csv", "kind": "stop_list", "rows": 0, "sha256": "0" * 64}]


def _unannounced_file(d: Delivery) -> None:
    d.sealed = seal({**{f"{k}.csv": v for k, v in d.files.items()}, "memo.csv": b"x"})


def _announced_file_absent(d: Delivery) -> None:
    d.sealed = seal({"target_list.csv": d.files["target_list"]})


def _wrong_password(d: Delivery) -> None:
    d.password = "not-the-one"


def _not_encrypted(d: Delivery) -> None:
    d.sealed = seal({f"{k}.csv": v for k, v in d.files.items()}, aes=False)


def _weak_cipher(d: Delivery) -> None:
    d.sealed = seal({f"{k}.csv": v for k, v in d.files.items()}, bits=128)


def _zip_crypto(d: Delivery) -> None:
    """The old cipher by its flag alone: it must be refused before anything is read."""
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for kind, data in d.files.items():
            archive.writestr(f"{kind}.csv", data)
    raw = bytearray(buffer.getvalue())
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = raw.find(signature)
        while at >= 0:
            raw[at + offset] |= 1
            at = raw.find(signature, at + 4)
    d.sealed = bytes(raw)


def _no_zip(d: Delivery) -> None:
    d.sealed = b"%PDF-1.7 not an archive"


def _cut_off(d: Delivery) -> None:
    d.sealed = seal({f"{k}.csv": v for k, v in d.files.items()})[:-40]


def _flipped_byte(d: Delivery) -> None:
    raw = bytearray(seal({f"{k}.csv": v for k, v in d.files.items()}))
    raw[raw.find(b"target_list.csv") + 90] ^= 1
    d.sealed = bytes(raw)


def _bomb(d: Delivery) -> None:
    d.files["target_list"] = b"0" * (6 * 1024**2)


REFUSED: list[tuple[str, Callable[[Delivery], None], str]] = [
    ("a column that the contract does not name", _column_too_many, "INTAKE-COLUMN-FORBIDDEN"),
    ("an analysis item that was not approved for the year", _unapproved_analysis_item, "INTAKE-COLUMN-FORBIDDEN"),
    ("a column missing", _column_missing, "INTAKE-COLUMN-MISSING"),
    ("a column twice", _column_twice, "INTAKE-COLUMN-TWICE"),
    ("another encoding", _another_encoding, "INTAKE-ENCODING"),
    ("two encodings in one file", _two_encodings, "INTAKE-ENCODING"),
    ("a row of another length", _row_cut_short, "INTAKE-ROW"),
    ("a quote left open", _open_quote, "INTAKE-CSV"),
    ("a NUL in the text", _nul_byte, "INTAKE-CSV"),
    ("another count than announced", _fewer_rows, "INTAKE-COUNT"),
    ("an individual number", _my_number, "INTAKE-MYNUMBER"),
    ("an individual number in groups of four", _my_number_in_groups, "INTAKE-MYNUMBER"),
    ("a target list of nobody", _no_target, "INTAKE-EMPTY"),
    ("an empty stop list that does not say so", _empty_stop_list, "STOP-EMPTY"),
    ("another content than announced", _file_digest, "INTAKE-DIGEST"),
    ("another archive than announced", _sealed_digest, "INTAKE-SEALED-DIGEST"),
    ("a cover note of another campaign", _other_campaign, "INTAKE-COVER-OTHER"),
    ("a cover note with an unknown field", _note_with_a_comment, "INTAKE-COVER-FORM"),
    ("a cover note that names a path", _note_names_a_path, "INTAKE-COVER-FORM"),
    ("a file that was not announced", _unannounced_file, "INTAKE-NAMES"),
    ("an announced file that is not there", _announced_file_absent, "INTAKE-NAMES"),
    ("a wrong password", _wrong_password, "INTAKE-PASSWORD"),
    ("no encryption", _not_encrypted, "INTAKE-CIPHER"),
    ("AES with a short key", _weak_cipher, "INTAKE-CIPHER"),
    ("the old zip cipher", _zip_crypto, "INTAKE-CIPHER"),
    ("something that is no archive", _no_zip, "INTAKE-ARCHIVE"),
    ("an archive cut off", _cut_off, "INTAKE-ARCHIVE"),
    ("a flipped byte", _flipped_byte, "INTAKE-ARCHIVE"),
    ("an archive that inflates without end", _bomb, "INTAKE-BOMB"),
]


@pytest.mark.parametrize(("spoil", "code"), [pytest.param(s, c, id=name) for name, s, c in REFUSED])
def test_is_refused_whole(open_workspace: Open, spoil: Callable[[Delivery], None], code: str) -> None:
    ws = open_workspace(DAY)
    bad = whole()
    spoil(bad)
    bad.put(ws).unlock(ws)
    good = whole("d02").put(ws)
    good.unlock(ws)

    taken = take_in(ws, _found(ws))

    assert taken["refused"] == [{"delivery": "d01", "code": code}]
    assert taken["accepted"] == ["d02"]
    assert sorted(e.key for e in ws.ledger.events("snapshot_stored") if "d01" in e.key) == [
        "one_time_secret/d01-1",
        "sealed_delivery/d01",
    ]
    assert ws.snapshots("one_time_secret") == []  # used once, gone
    with pytest.raises(KanshoError, match="INTAKE-REFUSED") as caught:
        settle_intake(ws, taken)
    said = caught.value.text + json.dumps([e.to_json() for e in ws.ledger.events()], ensure_ascii=False)
    told = ("月見里", "ヤマナシ", "03-0000-1234", "1977-06-01", "吾妻橋", bad.password, "123456789018", "5678-9018")
    assert [value for value in told if value in said] == []


def test_every_refusal_names_a_remedy(open_workspace: Open) -> None:
    for number, (_, spoil, _) in enumerate(REFUSED):
        ws = open_workspace(DAY)
        bad = whole(f"d{number + 10}")
        spoil(bad)
        bad.put(ws).unlock(ws)
        take_in(ws, _found(ws))
        told = ws.ledger.events("delivery_refused")[-1]
        assert told.names["remedy"]
        assert told.names["message"]


def _found(ws: Workspace) -> dict[str, Any]:
    work = find_deliveries(ws, {})
    assert work is not None
    return work
