"""The encoding of a delivered file is found in its bytes; where two readings differ nobody guesses."""

from __future__ import annotations

import pytest

from kansho.campaign.config import CampaignConfig
from kansho.errors import KanshoError
from tests.unit.reading import ENCODINGS, GOOD, STOP_HEADER, cells, read, stop_list, ward, write

#: Bytes that are 縺ゅ≠ in CP932 and ああ in UTF-8: valid in both.
BOTH = "ああ".encode()


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_the_encoding_is_found_and_told(mini: CampaignConfig, encoding: str) -> None:
    found = read(stop_list(*GOOD, encoding=encoding), mini)
    assert cells(found.frame) == [("3000-0000-03", "1", None), ("3000-0001-01", "2", "2027-09-30")]
    assert found.codes["encoding"] == encoding.removesuffix(" without a mark")
    assert found.codes["mark"] == ("yes" if ENCODINGS[encoding][1] else "no")


def test_a_table_of_ascii_alone_reads_the_same_either_way(mini: CampaignConfig) -> None:
    config = ward(mini, headers={"inquiry_number": "NO", "stop_kind": "KIND", "until": "UNTIL"})
    found = read(stop_list(*GOOD, header=("NO", "KIND", "UNTIL")), config)
    assert found.codes["encoding"] == "ascii"
    assert len(found.frame) == 2


def test_the_headings_decide_between_two_readings(mini: CampaignConfig) -> None:
    data = write([STOP_HEADER], encoding="utf-8") + b"3000-0000-03,1," + BOTH + b"\r\n"
    config = ward(mini, headers={"stop_kind": "ああ", "inquiry_number": "NO", "until": "UNTIL"})
    both_ways = b"NO," + BOTH + b",UNTIL\r\n3000-0000-03,1,\r\n"
    both_ways.decode("cp932")  # else this test says nothing
    assert read(both_ways, config).codes["encoding"] == "utf-8"
    assert read(data, mini).codes["encoding"] == "utf-8"


def test_two_readings_without_evidence_are_held(mini: CampaignConfig) -> None:
    config = ward(mini, headers={"inquiry_number": "NO", "stop_kind": "KIND", "until": "UNTIL"})
    data = b"NO,KIND,UNTIL\r\n3000-0000-03,1," + BOTH + b"\r\n"
    with pytest.raises(KanshoError, match="INTAKE-ENCODING-AMBIGUOUS"):
        read(data, config)


@pytest.mark.parametrize(("declared", "text"), [("cp932", BOTH.decode("cp932")), ("utf-8", "ああ")])
def test_a_declared_encoding_decides(mini: CampaignConfig, declared: str, text: str) -> None:
    headers = {"inquiry_number": "NO", "stop_kind": "KIND", "until": "UNTIL"}
    config = ward(mini, headers=headers, encoding=declared)
    data = b"NO,KIND,UNTIL\r\n3000-0000-03,1," + BOTH + b"\r\n"
    assert read(data, config).frame["until"].tolist() == [text]


@pytest.mark.parametrize(
    ("declared", "written"),
    [
        ("cp932", "utf-8-sig"),
        ("utf-8", "cp932"),
        ("utf-8-sig", "cp932"),
        ("utf-8", "utf-16-le"),
    ],
)
def test_another_encoding_than_declared_is_refused(mini: CampaignConfig, declared: str, written: str) -> None:
    with pytest.raises(KanshoError, match=r"INTAKE-ENCODING .*バイト目"):
        read(stop_list(*GOOD, encoding=written), ward(mini, encoding=declared))


@pytest.mark.parametrize(
    ("declared", "written"),
    [
        ("utf-8", "utf-8-sig"),
        ("utf-8-sig", "utf-8"),
        ("utf-16", "utf-16-be"),
        ("utf-16", "utf-16-be without a mark"),
        ("utf-16", "utf-16-le"),
    ],
)
def test_a_mark_may_be_there_or_not(mini: CampaignConfig, declared: str, written: str) -> None:
    assert len(read(stop_list(*GOOD, encoding=written), ward(mini, encoding=declared)).frame) == 2


@pytest.mark.parametrize(("first", "second"), [("cp932", "utf-8"), ("utf-8", "cp932")])
def test_two_encodings_in_one_file_are_refused_at_the_byte(mini: CampaignConfig, first: str, second: str) -> None:
    data = stop_list(*GOOD, encoding=first)
    at = len(data) + len("3000-0002-09,")
    data += write([("3000-0002-09", "停止", "東京都千代田区")], encoding=second)
    with pytest.raises(KanshoError, match="INTAKE-ENCODING ") as caught:
        read(data, mini)
    place = int(caught.value.place.removeprefix("stop_list:").removesuffix("バイト目"))
    assert at < place <= len(data)


def test_rows_of_utf8_that_cp932_reads_without_an_error_are_seen(mini: CampaignConfig) -> None:
    data = stop_list(*GOOD)
    row = "3000-0002-09,1,ああ\r\n".encode()
    assert "縺" in row.decode("cp932")  # else this test says nothing
    with pytest.raises(KanshoError, match="INTAKE-ENCODING ") as caught:
        read(data + row + write(GOOD), mini)
    assert caught.value.place == f"stop_list:{len(data) + len('3000-0002-09,1,') + 1}バイト目"
    with pytest.raises(KanshoError, match="INTAKE-ENCODING "):
        read((data + row + write(GOOD)).replace(b"\r\n", b"\r"), mini)
    for harmless in ("繝", "月見里　繧", "亜縺"):
        assert read(data + write([("3000-0002-09", "1", harmless)]), mini).frame["until"].tolist()[-1] == harmless


@pytest.mark.parametrize("foreign", ["euc_jp", "iso2022_jp"])
def test_an_encoding_we_do_not_take_is_named(mini: CampaignConfig, foreign: str) -> None:
    data = stop_list(*GOOD).decode("cp932").encode(foreign)
    with pytest.raises(KanshoError, match=f"INTAKE-ENCODING .*{foreign}"):
        read(data, mini)


@pytest.mark.parametrize("byte", [0x80, 0xA0, 0xFD, 0xFE, 0xFF])
def test_bytes_that_are_no_character_are_not_read_as_one(mini: CampaignConfig, byte: int) -> None:
    data = stop_list(*GOOD)
    with pytest.raises(KanshoError, match="INTAKE-ENCODING ") as caught:
        read(data + b"3000-0002-09,1," + bytes([byte]) + b"\r\n", mini)
    assert caught.value.place == f"stop_list:{len(data) + 16}バイト目"


def test_own_characters_of_the_ward_are_kept_as_they_are(mini: CampaignConfig) -> None:
    data = stop_list(*GOOD) + b"3000-0002-09,1," + bytes.fromhex("f040") + b"\r\n"
    assert read(data, mini).frame["until"].tolist()[-1] == "\ue000"


@pytest.mark.parametrize(
    "spoiled",
    [
        "\ud800".encode("utf-8", "surrogatepass").join([stop_list(*GOOD, encoding="utf-8"), b""]),
        stop_list(*GOOD, encoding="utf-16-le") + b"\x00\xd8\x0a\x00",
        stop_list(*GOOD, encoding="utf-16-be") + b"\xdc\x00\x00\x0a",
    ],
)
def test_half_of_a_surrogate_pair_is_refused(mini: CampaignConfig, spoiled: bytes) -> None:
    with pytest.raises(KanshoError, match="INTAKE-CSV"):
        read(spoiled, mini)


@pytest.mark.parametrize("control", ["\x00", "\x01", "\x0b", "\x1b", "\x7f", "\x85", "\x9f"])
def test_control_characters_are_refused_with_their_row(mini: CampaignConfig, control: str) -> None:
    data = stop_list(*GOOD, encoding="utf-8") + f"3000-0002-09,1,20{control}27\r\n".encode()
    with pytest.raises(KanshoError, match="INTAKE-CSV") as caught:
        read(data, mini)
    assert caught.value.place == "stop_list:4行目"
    with pytest.raises(KanshoError) as caught:
        read(data.replace(b"\r\n", b"\r"), mini)
    assert caught.value.place == "stop_list:4行目"


def test_the_verdict_does_not_depend_on_where_the_file_is_cut(
    mini: CampaignConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kansho.intake.reading import encoding

    rows = [(f"3000-{i:04d}-03", "1", "月見里　ﾘﾝ髙") for i in range(50)]
    for chunk in (1, 2, 3, 7):
        monkeypatch.setattr(encoding, "_CHUNK", chunk)
        for name in ENCODINGS:
            assert cells(read(stop_list(*rows, encoding=name), mini).frame) == rows
        bad = stop_list(*rows) + b"3000-0002-09,1,\xa0\r\n"
        with pytest.raises(KanshoError) as caught:
            read(bad, mini)
        assert caught.value.place == f"stop_list:{len(bad) - 2}バイト目"
