"""What a note may hold and what holds it back, as tables."""

from __future__ import annotations

import time

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kansho.contracts.free_text import RULE_IDS, dock_result_headings, rule, screen, screen_text
from kansho.contracts.free_text_rules import MAX_LENGTH, RULES
from kansho.contracts.registry import CALL_RESULTS, REGISTRY, VISIT_RESULTS

ORDINARY = [
    "午後に折返し希望",
    "不在票を投函",
    "耳が遠いため大きな声で",
    "筆談で対応",
    "大丈夫とのこと",
    "工夫して案内",
    "がん検診の案内を希望",
    "ガン検診票の再送を希望",
    "がんばって受診するとのこと",
    "健康診断の内容を説明",
    "10/5 14:00 に折返し",
    "10月5日14時30分に折返し",
    "予約は11月3日（火）9時",
    "2026-10-05に予約済",
    "13-15時の間に再架電希望",
    "夜間18～20時が希望",
    "8月末までに受診予定",
    "3回目の不在",
    "自己負担500円と案内",
    "費用の問合せ、無料と案内",
    "保険証を持参と案内",
    "マイナンバーカードで受診できるか質問",
    "区役所に問合せるとのこと",
    "詐欺を疑われたため区の番号を案内",
    "英語対応希望",
    "ご本人様より受電希望",
    "お客様都合で中断",
    "担当者様へ引継ぎ",
    "前回同様不在",
    "様子を見て再訪",
    "氏名の確認ができず終了",
    "オートロックのため投函不可",
    "階段3階、呼鈴なし",
    "人間ドックの結果の提出方法を案内",
    "人間ドック結果提出を案内済",
    "オンラインで予約するとのこと",
    "近くの医療機関一覧を送付希望",
]


@pytest.mark.parametrize("note", ORDINARY)
def test_an_ordinary_note_passes(note: str) -> None:
    assert screen_text(note) == ""


FORBIDDEN = [
    ("illness", ["糖尿病", "癌の疑い", "がんの治療中", "がんセンター", "うつ病", "認知症気味", "視覚障害あり",
                 "心臓が悪い", "トウニョウ"]),
    ("treatment", ["通院中", "入院しているため", "手術を控えている", "薬を飲んでいる", "介護で忙しい", "診断を受けた"]),
    ("result", ["血圧が160", "HbA1c 6.8", "ＨｂＡ１ｃが高め", "体重65kg", "要精密検査と言われた", "前回の結果が悪い",
                "異常なし", "C判定"]),
    ("dock_result", ["人間ドックの結果は良好", "ドックで指摘あり", "脳ドックの所見"]),
    ("household", ["妻が出た", "夫と相談", "息子と同居", "一人暮らし", "お子様が対応", "離婚した", "母の面倒"]),
    ("person_name", ["山田様に伝言", "林様", "見本太郎さん", "ミホンさん", "さくらさんが対応", "名前は見本"]),
    ("religion", ["信仰上の理由", "創価学会の会合", "教会に行く", "エホバの証人"]),
    ("creed", ["支持政党の話", "共産党", "選挙の手伝い", "反ワクチン"]),
    ("discrimination", ["生活保護受給", "外国人", "韓国籍", "中国の方", "本籍は", "部落"]),
    ("crime", ["前科あり", "警察を呼ぶ", "DVで避難", "支援措置", "執行猶予中"]),
    ("income", ["年金暮らし", "収入が減った", "年300万円", "失業中", "お金がない"]),
    ("occupation", ["勤務先は", "公務員", "自営業"]),
    ("account", ["口座番号", "銀行に行く", "クレジットカード", "暗証番号"]),
    ("identifier", ["マイナンバーは", "個人番号を聞いた", "被保険者証", "免許証"]),
    ("telephone", ["09000000000", "090-0000-0000", "０９０（００００）００００", "03 0000 0000",
                   "〇九〇〇〇〇〇〇〇〇〇", "+81-90-0000-0000", "LINEで連絡"]),
    ("email", ["a@example.jp", "ａ＠ｅｘａｍｐｌｅ．ｊｐ", "メールアドレスは"]),
    ("address", ["見本町1-2-3", "三丁目", "101号室", "〒000-0000", "転居先は", "実家にいる", "東京都見本区"]),
    ("birth_date", ["昭和25年4月1日", "S25.4.1", "1950年", "1950/4/1", "72歳", "誕生日が近い", "昭和元年"]),
    ("long_digits", ["12345", "0000-0000-00", "1234 5678 9012", "１２３４５", "一二三四五六", "1.2.3.4.5"]),
    ("secret", ["内緒にして", "遺産でもめている", "亡くなったとのこと"]),
    ("unreadable", ["\ue000さま", "折返し\ufffd"]),
]  # fmt: skip


@pytest.mark.parametrize(("rule_id", "note"), [(rule_id, note) for rule_id, notes in FORBIDDEN for note in notes])
def test_what_must_not_be_collected_is_held(rule_id: str, note: str) -> None:
    assert rule_id in screen_text(note).split("|")


def test_every_rule_has_examples_and_says_why_and_what_to_do() -> None:
    assert {rule_id for rule_id, _ in FORBIDDEN} | {"too_long"} == set(RULE_IDS)
    for rule_id in RULE_IDS:
        assert rule(rule_id).reason
        assert rule(rule_id).remedy


@pytest.mark.parametrize(
    "hidden",
    [
        "糖 尿 病",
        "糖　尿　病",
        "糖\n尿\n病",
        "糖\u200b尿病",
        "糖\u00ad尿病",
        "ｶﾞﾝ",
        "カ゛ンで",
        "０ ９ ０ ０ ０ ０ ０ ０ ０ ０ ０",
    ],
)
def test_spaces_widths_and_invisible_characters_hide_nothing(hidden: str) -> None:
    assert screen_text(hidden) != ""


@pytest.mark.parametrize(("length", "held"), [(MAX_LENGTH, ""), (MAX_LENGTH + 1, "too_long")])
def test_a_note_is_short(length: int, held: str) -> None:
    assert screen_text("あ" * length) == held


@pytest.mark.parametrize("letters", ["0", "〇", "1-", "山", "ドック"])
def test_a_cell_of_a_million_characters_is_held_at_once(letters: str) -> None:
    begun = time.process_time()
    assert "too_long" in screen_text(letters * (1_000_000 // len(letters)))
    assert time.process_time() - begun < 1


def test_a_column_is_screened_with_its_index_and_without_notes_nothing_is_held() -> None:
    found = screen(
        pd.Series(["糖尿病で通院", None, "午後に折返し希望", float("nan"), "糖尿病で通院"], index=list("abcde"))
    )
    assert found.to_dict() == {"a": "illness|treatment", "b": "", "c": "", "d": "", "e": "illness|treatment"}
    assert screen(pd.Series([], dtype="str")).empty
    assert screen(pd.Series([None, None], dtype=object)).tolist() == ["", ""]


@settings(deadline=None, max_examples=80)
@given(st.sampled_from([n for _, notes in FORBIDDEN for n in notes if not n[-1].isdigit() and not n[0].isdigit()]),
       st.sampled_from(ORDINARY), st.sampled_from(ORDINARY))  # fmt: skip
def test_ordinary_words_around_a_forbidden_one_do_not_hide_it(forbidden: str, before: str, after: str) -> None:
    assert screen_text(f"{before}、{forbidden}。{after}") != ""


@settings(deadline=None, max_examples=80)
@given(st.text(max_size=300))
def test_any_text_gets_an_answer_of_known_rules(text: str) -> None:
    assert set(screen_text(text).split("|")) <= {"", *RULE_IDS}


@settings(deadline=None, max_examples=80)
@given(st.integers(10**9, 10**12 - 1), st.sampled_from(["", "-", " ", "　", "・", "."]))
def test_no_long_number_passes_however_it_is_written(number: int, gap: str) -> None:
    digits = str(number)
    written = gap.join((digits[:4], digits[4:8], digits[8:]))
    assert screen_text(f"番号は {written} とのこと") != ""


HEADINGS = [
    ("人間ドック結果", True),
    ("人間ドックの判定", True),
    ("ドック検査値", True),
    ("人間ドック＿結果データ", True),
    ("結果（人間ドック）", True),
    ("脳ドック所見", True),
    ("ドック血圧", True),
    ("dock_result", True),
    ("みなし健診結果", True),
    ("人間ドック結果提出案内", False),
    ("人間ドックの案内", False),
    ("健診結果", False),
    ("備考", False),
    ("未受診理由", False),
]


@pytest.mark.parametrize(("heading", "refused"), HEADINGS)
def test_a_column_that_could_carry_dock_results_is_known_by_its_heading(heading: str, refused: bool) -> None:
    assert dock_result_headings(["連番", heading]) == ((2,) if refused else ())


def test_no_contract_of_ours_has_such_a_column() -> None:
    for contract in REGISTRY.values():
        assert dock_result_headings((*contract.headers, *contract.names)) == ()


def test_notes_of_calls_and_visits_are_the_only_free_text_of_results() -> None:
    for contract in (CALL_RESULTS, VISIT_RESULTS):
        free = [c.name for c in contract.columns if c.type == "text" and not c.operational and not c.codes]
        assert set(free) <= {"inquiry_number", "note"}
        assert contract.column("note").nullable
    assert len({r.id for r in RULES}) == len(RULES)
