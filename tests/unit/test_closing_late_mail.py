"""Cards that come back after the closing go to the ward by a numbered slip and its receipt, beside the evidence."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pypdfium2
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kansho.campaign.config import CampaignConfig
from kansho.cli import main
from kansho.closing import late_mail
from kansho.closing.discovery import discover
from kansho.closing.late_mail import LateMail, Problem, check, folder_of, make_slip, take_receipt, take_signature
from kansho.errors import KanshoError
from kansho.evidence.bundle import sign_detached
from kansho.vault.classes import PERSONAL_KEYS
from kansho.workspace import Workspace
from tests.conftest import MINI, opened
from tests.unit.closing_year import paper

CAME = LateMail(3, date(2028, 2, 3), date(2028, 2, 20), date(2028, 2, 21), "h04")
LATER = LateMail(1, date(2028, 3, 1), date(2028, 3, 1), date(2028, 3, 2), "h04")
TODAY = date(2028, 3, 5)


@pytest.fixture
def ws(mini: CampaignConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """A campaign whose personal keys are gone; the signing key stays with the evidence."""
    monkeypatch.setattr(late_mail, "render", lambda document: paper(document.title))
    made = opened(mini, tmp_path / "var", mini.closing.erase_on)
    made.record("keys_created", mini.id, codes={"signing_public": made.keyring.public_key().hex()})
    for name in PERSONAL_KEYS:
        made.keyring.destroy(name)
        made.record("keys_destroyed", name, codes={"method": "overwrite+unlink", "verified": "absent"})
    return made


def problems(ws: Workspace, wards: bytes | None = None) -> list[str]:
    return [f"{p.slip} {p.what}" for p in check(folder_of(ws), ws.keyring.public_key(), wards)]


def receipted(ws: Workspace, number: int = 1, stamped: bytes | None = None) -> Path:
    return take_receipt(ws, number, on=date(2028, 3, 3), received_by="h01", stamped=stamped or paper("stamped"))


def test_slips_are_numbered_signed_and_linked_and_name_nobody(ws: Workspace) -> None:
    size = ws.ledger.size
    assert make_slip(ws, CAME, TODAY).name == "0001.pdf"
    assert make_slip(ws, LATER, TODAY).name == "0002.pdf"
    said = json.loads((folder_of(ws) / "0002.json").read_bytes())
    assert set(said) == {
        *("schema", "campaign", "simulation", "number", "certificate", "previous"),
        *("cards", "came_back", "handed_over"),
    }
    assert (said["number"], said["cards"], said["handed_over"]["on"]) == (2, 1, "2028-03-02")
    assert problems(ws) == ["0001 区の受領がありません", "0002 区の受領がありません"]
    assert ws.ledger.size == size  # the log has ended
    assert discover(ws).unknown == ()


def test_the_same_hand_over_is_one_slip(ws: Workspace) -> None:
    first = make_slip(ws, CAME, TODAY)
    before = {p.name: p.read_bytes() for p in folder_of(ws).iterdir()}
    assert make_slip(ws, CAME, TODAY) == first
    assert {p.name: p.read_bytes() for p in folder_of(ws).iterdir()} == before


def test_the_paper_says_how_many_when_and_what_it_does_not_prove(
    ws: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kansho.documents.render import render

    monkeypatch.setattr(late_mail, "render", render)
    document = pypdfium2.PdfDocument(make_slip(ws, CAME, TODAY))
    text = "".join("".join(page.get_textpage().get_text_range() for page in document).split())
    for word in ("第1号", "3枚", "2028-02-03から2028-02-20まで", "台帳に記録されません", "受領者（区）", "模擬"):
        assert word in text, word


def test_the_ward_s_stamped_paper_is_the_receipt(ws: Workspace) -> None:
    make_slip(ws, CAME, TODAY)
    path = receipted(ws)
    assert receipted(ws) == path
    assert problems(ws) == []
    with pytest.raises(KanshoError, match="LATE-MAIL-RECEIPTED"):
        receipted(ws, stamped=paper("another"))
    assert discover(ws).unknown == ()


def test_the_ward_may_sign_the_slip_with_the_key_it_countersigned_with(ws: Workspace) -> None:
    make_slip(ws, CAME, TODAY)
    slip, ward = (folder_of(ws) / "0001.json").read_bytes(), Ed25519PrivateKey.generate()
    with pytest.raises(KanshoError, match="LATE-MAIL-SIGNATURE"):
        take_signature(ws, 1, sign_detached(slip, ward))
    public = ward.public_key().public_bytes_raw()
    ws.record("cosigner_registered", "ward/1", codes={"public": public.hex()})
    with pytest.raises(KanshoError, match="LATE-MAIL-SIGNATURE"):
        take_signature(ws, 1, sign_detached(slip + b" ", ward))
    take_signature(ws, 1, sign_detached(slip, ward))
    assert problems(ws, public) == []
    assert problems(ws, Ed25519PrivateKey.generate().public_key().public_bytes_raw()) == ["0001 区の署名が一致しません"]


def _edited(name: str, old: bytes, new: bytes) -> Callable[[Path], object]:
    return lambda folder: (folder / name).write_bytes((folder / name).read_bytes().replace(old, new))


TAMPERED: dict[str, tuple[Callable[[Path], object], str]] = {
    "another number of cards": (_edited("0001.json", b'"cards":3', b'"cards":2'), "0001 署名が一致しません"),
    "a slip left out": (lambda folder: (folder / "0001.json").unlink(), "0002 番号が続いていません"),
    "another stamped paper": (_edited("0001-receipt.pdf", b"stamped", b"stampet"), "0001 受領書の書面が一致しません"),
    "another receipt": (
        _edited("0001-receipt.json", b"2028-03-03", b"2028-03-04"),
        "0001 受領の記録の署名が一致しません",
    ),
    "no receipt": (lambda folder: (folder / "0001-receipt.json").unlink(), "0001 区の受領がありません"),
    "another signature": (
        lambda folder: (folder / "0002.sig").write_bytes(base64.b64encode(bytes(64)) + b"\n"),
        "0002 署名が一致しません",
    ),
    "no slip at all": (_edited("0002.json", b"{", b""), "0002 番号が続いていません"),
}


@pytest.mark.parametrize("how", TAMPERED)
def test_what_was_changed_afterwards_does_not_hold(how: str, ws: Workspace) -> None:
    for number, said in enumerate((CAME, LATER), 1):
        make_slip(ws, said, TODAY)
        receipted(ws, number)
    assert problems(ws) == []
    change, told = TAMPERED[how]
    change(folder_of(ws))
    assert told in problems(ws)


@pytest.mark.parametrize(
    "wrong",
    [
        *({"cards": 0}, {"by": "h01"}, {"by": "nobody"}, {"last": date(2028, 2, 1)}),
        *({"on": date(2028, 2, 10)},),
    ],
)
def test_what_does_not_fit_makes_no_slip(wrong: dict[str, object], ws: Workspace) -> None:
    said = LateMail(**{**CAME.__dict__, **wrong})  # type: ignore[arg-type]
    with pytest.raises(KanshoError, match="LATE-MAIL-FORM"):
        make_slip(ws, said, TODAY)
    assert not folder_of(ws).exists()


def test_before_the_erasure_returned_mail_goes_the_ordinary_way(mini: CampaignConfig, tmp_path: Path) -> None:
    with pytest.raises(KanshoError, match="LATE-MAIL-EARLY"):
        make_slip(opened(mini, tmp_path / "var", mini.closing.erase_on), CAME, TODAY)


def test_a_slip_that_was_killed_half_way_is_made_again(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    real = late_mail.write_whole

    def dying(path: Path, data: bytes) -> None:
        if path.suffix == ".json":
            raise KeyboardInterrupt
        real(path, data)

    with monkeypatch.context() as patched:
        patched.setattr(late_mail, "write_whole", dying)
        with pytest.raises(KeyboardInterrupt):
            make_slip(ws, CAME, TODAY)
    assert check(folder_of(ws), ws.keyring.public_key(), None) == []
    make_slip(ws, CAME, TODAY)
    assert check(folder_of(ws), ws.keyring.public_key(), None) == [Problem("0001", "区の受領がありません", open=True)]


def test_the_commands_make_receipt_and_check(ws: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def run(*words: str) -> int:
        return main(["close", "late-mail", *words, "--config", str(MINI), "--var", str(ws.layout.var)])

    came = ("--cards", "3", "--first", "2028-02-03", "--last", "2028-02-20", "--on", "2028-02-21", "--by", "h04")
    assert run("slip", *came) == 0
    assert "0001.pdf" in capsys.readouterr().out
    assert run("check") == 1
    assert "0001: 区の受領がありません" in capsys.readouterr().out
    stamped = tmp_path / "stamped.pdf"
    stamped.write_bytes(paper("stamped"))
    assert run("receipt", "--slip", "1", "--document", str(stamped)) == 1
    assert "LATE-MAIL-FORM" in capsys.readouterr().err
    day = ("--on", "2028-02-22", "--received-by", "h01")
    assert run("receipt", "--slip", "2", "--document", str(stamped), *day) == 1
    assert "LATE-MAIL-UNKNOWN" in capsys.readouterr().err
    assert run("receipt", "--slip", "1", "--document", str(tmp_path / "absent.pdf"), *day) == 1
    assert "LATE-MAIL-FILE" in capsys.readouterr().err
    stamped.write_bytes(b"%PDF-1.7 cut")
    assert run("receipt", "--slip", "1", "--document", str(stamped), *day) == 1
    stamped.write_bytes(paper("stamped"))
    assert run("receipt", "--slip", "1", "--document", str(stamped), *day) == 0
    assert run("check") == 0
