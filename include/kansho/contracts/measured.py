"""特定健診's measured items: names, item codes, units, input ranges.

Belongs here: what is a number.  Does not belong here: what is a code (`checkup`, `questionnaire`), and what a value
means for health (`kansho.health`).

Sources: item codes (JLAC10, 17 digits), units and names from the ministry's item table of 第3期 (V3.0); what came with
第4期 (随時中性脂肪) and the input ranges from domain 1.1 to 1.3.  A range guards against slips (30 for 300), it is no
medical limit; items that the ministry's table of ranges does not have stay open.  Where several codes are given, the
first one present is the value: waist measured before judged before told by the person, pressure 代表値 before the
second before the first measurement, methods in the order of the table.  HbA1c is NGSP; JDS values (to FY2012) are
not taken.
"""

from __future__ import annotations

from kansho.contracts.model import CONTRACTOR_ONLY, Column
from kansho.contracts.shared import FIRST_YEAR

#: 入力最小値以下 and 入力最大値以上 (domain 1.3): sent in place of the value, in older data without it.
LIMITS = ("L", "H")


def _measured(
    name: str,
    header: str,
    unit: str,
    span: tuple[float, float] | None,
    jlac10: tuple[str, ...],
    *aliases: str,
    since: int | None = None,
) -> Column:
    low, high = span or (None, None)
    return Column(
        name,
        header,
        "float",
        nullable=True,
        low=low,
        high=high,
        holders=CONTRACTOR_ONLY,
        clause="C5",
        aliases=aliases,
        unit=unit,
        since=since,
        jlac10=jlac10,
        limits=LIMITS if span else (),
    )


def methods(item: str, *methods: str) -> tuple[str, ...]:
    """17 digits: the item (5) and identification (4), then material, method and kind of result (8)."""
    return tuple(item + method for method in methods)


BODY = (
    _measured("height", "身長", "cm", (100, 250), ("9N001000000000001",), "身長（cm）"),
    _measured("weight", "体重", "kg", (20, 250), ("9N006000000000001",), "体重（kg）"),
    _measured("bmi", "BMI", "kg/m2", (10, 100), ("9N011000000000001",), "ＢＭＩ", "BMI値", "体格指数"),
    _measured(
        "waist",
        "腹囲",
        "cm",
        (40, 250),
        ("9N016160100000001", "9N016160200000001", "9N016160300000001"),
        "腹囲（実測）",
        "腹囲（cm）",
    ),
    _measured("visceral_fat", "内臓脂肪面積", "cm2", None, ("9N021000000000001",), "内臓脂肪"),
    _measured(
        "systolic",
        "収縮期血圧",
        "mmHg",
        (60, 300),
        ("9A755000000000001", "9A752000000000001", "9A751000000000001"),
        "収縮期血圧（その他）",
        "最高血圧",
        "最大血圧",
    ),
    _measured(
        "diastolic",
        "拡張期血圧",
        "mmHg",
        (30, 150),
        ("9A765000000000001", "9A762000000000001", "9A761000000000001"),
        "拡張期血圧（その他）",
        "最低血圧",
        "最小血圧",
    ),
)

LIPIDS = (
    _measured(
        "tg_fasting",
        "空腹時中性脂肪",
        "mg/dL",
        (10, 2000),
        methods("3F0150000", "02327101", "02327201", "02399901"),
        "空腹時中性脂肪（トリグリセリド）",
        # Up to 第3期 there was one item, which was to be taken fasting.
        "中性脂肪（トリグリセリド）",
        "中性脂肪",
        "トリグリセリド",
    ),
    # The same measurement as above, so the same guard; part of 特定健診 from 第4期.
    _measured(
        "tg_casual",
        "随時中性脂肪",
        "mg/dL",
        (10, 2000),
        methods("3F0151299", "02327101", "02327201", "02399901"),
        "随時中性脂肪（トリグリセリド）",
        since=FIRST_YEAR[4],
    ),
    _measured(
        "hdl",
        "HDLコレステロール",
        "mg/dL",
        (10, 500),
        methods("3F0700000", "02327101", "02327201", "02399901"),
        "ＨＤＬコレステロール",
        "HDL",
        "HDL-C",
    ),
    _measured(
        "ldl",
        "LDLコレステロール",
        "mg/dL",
        (20, 1000),
        methods("3F0770000", "02327101", "02327201", "02399901", "02391901"),
        "ＬＤＬコレステロール",
        "LDL",
        "LDL-C",
    ),
    _measured(
        "non_hdl",
        "non-HDLコレステロール",
        "mg/dL",
        None,
        ("3F069000002391901",),
        "Ｎｏｎ－ＨＤＬコレステロール",
        "nonHDLコレステロール",
        "non-HDL",
        since=FIRST_YEAR[3],
    ),
)

LIVER_AND_GLUCOSE = (
    _measured(
        "ast",
        "AST（GOT）",
        "U/L",
        (0, 1000),
        methods("3B0350000", "02327201", "02399901"),
        "GOT（ＡＳＴ）",
        "AST",
        "GOT",
    ),
    _measured(
        "alt",
        "ALT（GPT）",
        "U/L",
        (0, 1000),
        methods("3B0450000", "02327201", "02399901"),
        "GPT（ＡＬＴ）",
        "ALT",
        "GPT",
    ),
    _measured(
        "ggt",
        "γ-GT（γ-GTP）",
        "U/L",
        (0, 1000),
        methods("3B0900000", "02327101", "02399901"),
        "γ-GTP",
        "γ-GT",
        "γGTP",
        "γGT",
        "γ-GTP（γ-GT）",
        "ガンマGTP",
    ),
    _measured(
        "glucose_fasting",
        "空腹時血糖",
        "mg/dL",
        (20, 600),
        methods("3D0100000", "01926101", "02227101", "01927201", "01999901"),
        "空腹時血糖（電位差法）",
        "空腹時血糖値",
        "血糖（空腹時）",
    ),
    _measured(
        "glucose_casual",
        "随時血糖",
        "mg/dL",
        None,
        methods("3D0101299", "01926101", "02227101", "01927201", "01999901"),
        "随時血糖（電位差法）",
        "随時血糖値",
        "血糖（随時）",
    ),
    _measured(
        "hba1c",
        "HbA1c（NGSP値）",
        "%",
        (3, 20),
        methods("3D0460000", "01906202", "01920402", "01927102", "01999902"),
        "ＨｂＡ１ｃ（NGSP値）",
        "HbA1c（NGSP）",
        "HbA1c",
        "ヘモグロビンA1c（NGSP値）",
        "ヘモグロビンA1c",
        since=FIRST_YEAR[2],
    ),
)

KIDNEY_AND_BLOOD = (
    _measured(
        "creatinine",
        "血清クレアチニン",
        "mg/dL",
        None,
        methods("3C0150000", "02327101", "02399901"),
        "血清クレアチニン値",
        "クレアチニン",
    ),
    _measured(
        "egfr",
        "eGFR",
        "mL/min/1.73m2",
        None,
        ("8A065000002391901",),
        "ｅＧＦＲ",
        "推算糸球体ろ過量（eGFR）",
        "推算糸球体濾過量",
        since=FIRST_YEAR[3],
    ),
    _measured(
        "hematocrit",
        "ヘマトクリット値",
        "%",
        (0, 99.9),
        ("2A040000001930102",),
        "ヘマトクリット",
        "ヘマトクリット（Ht）",
    ),
    _measured(
        "hemoglobin",
        "血色素量（ヘモグロビン値）",
        "g/dL",
        (0, 30),
        ("2A030000001930101",),
        "血色素量",
        "ヘモグロビン値",
        "ヘモグロビン",
        "血色素量（ヘモグロビン）",
    ),
    _measured("rbc", "赤血球数", "万/mm3", (0, 1000), ("2A020000001930101",), "赤血球"),
)
