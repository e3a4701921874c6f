"""Closed code lists (D5): outcomes, reasons, intentions, screening kinds.

Belongs here: codes and their Japanese labels.  Source: domain notes 3 and 4.5 (proposals, kept
as data so that a ward's own list can replace them).
"""

from __future__ import annotations

SEX = {"1": "男", "2": "女"}
NO_YES = {"0": "なし", "1": "あり"}
ATTENDED = {"0": "未受診", "1": "受診"}

SCREENING_KINDS = {
    "01": "胃がん（Ｘ線）",
    "02": "胃がん（内視鏡）",
    "03": "大腸がん",
    "04": "肺がん",
    "05": "肺がん（喀痰）",
    "06": "子宮頸がん",
    "07": "乳がん",
    "08": "前立腺がん",
    "90": "特定健診",
}
KENSHIN_KIND = "90"

CALL_OUTCOMES = {
    "10": "本人：受診予定",
    "11": "本人：予約済",
    "12": "本人：受診済（申告）",
    "13": "本人：検討",
    "14": "本人：受診しない",
    "15": "本人：途中切断",
    "20": "家族：伝言",
    "21": "家族：伝言不可",
    "30": "不在（呼出のみ）",
    "31": "留守番電話（伝言なし）",
    "32": "話中",
    "40": "番号使われていない",
    "41": "番号違い",
    "42": "FAX",
    "50": "拒否・勧奨停止申出",
    "51": "苦情",
    "60": "転出・資格喪失",
    "61": "死亡",
    "62": "入院・施設",
    "63": "言語不可",
    "90": "最大回数到達",
}
#: Outcomes in which the person was spoken to; only these may carry intention, wish and reasons (D4).
CALL_PERSON_OUTCOMES = frozenset({"10", "11", "12", "13", "14", "15", "50", "51"})
CALL_FAMILY_OUTCOMES = frozenset({"20", "21", "60", "61", "62"})
#: A further attempt is worthwhile after these.
CALL_RETRY_OUTCOMES = frozenset({"15", "20", "21", "30", "31", "32"})
#: After these no later contact of any channel is made.
STOP_OUTCOMES = frozenset({"50", "51", "60", "61", "62"})
#: Those by which the person asked not to be contacted again.
REFUSALS = frozenset({"50", "51"})
#: After these the telephone is not used again.
DEAD_PHONE_OUTCOMES = frozenset({"40", "41", "42"})

VISIT_OUTCOMES = {
    "10": "本人面談：受診予定",
    "11": "本人面談：予約済",
    "12": "本人面談：受診済（申告）",
    "13": "本人面談：検討",
    "14": "本人面談：受診しない",
    "20": "家族面談",
    "30": "不在：不在票投函",
    "31": "不在：投函不可",
    "33": "オートロック等で訪問不可",
    "50": "拒否・勧奨停止申出",
    "51": "苦情",
    "60": "転居・空家",
    "61": "死亡",
    "62": "施設入所・入院",
    "64": "住所不明・該当なし",
    "70": "中止（安全）",
}
VISIT_PERSON_OUTCOMES = frozenset({"10", "11", "12", "13", "14", "50", "51"})

ANSWERED_BY = {"self": "本人", "family": "家族", "other": "その他", "none": "応答なし"}

INTENTIONS = {"1": "受診する", "2": "検討する", "3": "受診しない"}

REASONS = {
    "01": "通院中",
    "02": "職場で受けた・受ける",
    "03": "人間ドックを受けた・受ける",
    "04": "他で受診済",
    "05": "忙しい・時間がない",
    "06": "健康だから",
    "07": "心配なときは受診できる",
    "08": "面倒",
    "09": "費用",
    "10": "結果が不安",
    "11": "場所が不便・予約が取れない",
    "12": "知らなかった",
    "13": "忘れていた",
    "14": "毎年必要と思わない",
    "15": "高齢・介護・障害",
    "16": "感染症が心配",
    "17": "言語",
    "18": "その他",
    "19": "回答拒否",
}

WISHES = {"1": "再案内希望", "2": "予約方法の案内希望", "3": "保健事業の案内希望", "9": "なし"}

RETURN_REASONS = {
    "1": "あて所に尋ねあたりません",
    "2": "あて名不完全",
    "3": "転居先不明",
    "4": "受取拒絶",
    "5": "保管期間経過",
}

#: 勧奨結果 (D1), as next year's target list may carry it: how the last contact of the year ended, whichever channel.
#: Calls and visits share their codes where both have one; a card that came back stands where nobody was reached.
OUTREACH_RESULTS = {
    **CALL_OUTCOMES,
    **{code: label for code, label in VISIT_OUTCOMES.items() if code not in CALL_OUTCOMES},
    "20": "家族：伝言・面談",
    "30": "不在（呼出のみ、不在票投函）",
    "31": "不在（留守番電話、投函不可）",
    "60": "転出・転居・資格喪失",
    "62": "入院・施設入所",
    **{f"8{reason}": f"通知返戻：{label}" for reason, label in RETURN_REASONS.items()},
}

CHANNELS = {"mail": "通知", "call": "電話", "visit": "訪問", "inbound": "受電"}

STOP_KINDS = {"1": "停止", "2": "延期"}

INBOUND_PURPOSES = {
    "1": "受診方法の問合せ",
    "2": "受診済の申告",
    "3": "勧奨停止の申出",
    "4": "転出・資格喪失の申告",
    "5": "苦情",
    "9": "その他",
}
INBOUND_STOP_PURPOSES = frozenset({"3", "4", "5"})
