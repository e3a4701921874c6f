"""Japanese words for the codes of gates: severities, results, owners, and the rules of releases and receipts.

Belongs here: names that staff read on a gate's page.  Does not belong here: meaning; a code without a word is shown
as it is.
"""

from __future__ import annotations

from kansho.campaign.rights import Role

SEVERITY_WORDS: dict[str, str] = {
    "stop": "中止",
    "hold": "保留",
    "quarantine": "隔離",
    "warn": "注意",
}
SEVERITY_MEANING: dict[str, str] = {
    "stop": "表を受け入れません",
    "hold": "判断者が決めるまで、表を受け入れません",
    "quarantine": "該当の行だけを分けて保管し、残りを受け入れます",
    "warn": "数えて記録し、行は受け入れます",
}
RESULTS: dict[str, str] = {"pass": "合格", "hold": "保留（判断待ち）", "stop": "中止"}

OWNERS: dict[Role, str] = {
    Role.WARD_OFFICER: "区 担当者",
    Role.WARD_MANAGER: "区 責任者",
    Role.CONTRACTOR_MANAGER: "受託者 取扱責任者",
    Role.CONTRACTOR_STAFF: "受託者 取扱者",
    Role.CONTRACTOR_ENGINEER: "受託者 データ担当",
    Role.PRINT_STAFF: "再委託先（印刷）",
    Role.CALL_STAFF: "再委託先（電話）",
    Role.VISIT_STAFF: "再委託先（訪問）",
}

#: Gates that are not of one file kind.
GATES: dict[str, str] = {
    "print_release": "印刷データの引渡し",
    "call_release": "架電リストの引渡し",
    "visit_release": "訪問名簿の引渡し",
    "plan_release": "勧奨計画の承認の求め",
    "effect_release": "効果分析報告書の承認の求め",
}

#: Codes by which the rooms that release and receive tell what they found.
OTHER_RULES: dict[str, str] = {
    "read_back": "読み戻した印刷データが、承認された内容と違います",
    "outside_box": "枠の外に文字があるか、行の位置が違います",
    "bars": "カスタマバーコードが、その方のものと違います",
    "mark": "機械読取りの印が、連番と違います",
    "design": "校了となったデザインと違う面に印刷されています",
    "form": "名簿の字体と違う形で埋め込まれた文字があります",
    "held_out": "勧奨しない群（保留群）の方が含まれています",
    "unknown": "名簿にない方が含まれています",
    "serial_twice": "同じ連番が二度あります",
    "person_twice": "同じ方が二度載っています",
    "columns": "渡してよい項目と列が一致しません",
    "not_assigned": "割り当てられていない方が含まれています",
    "listed_twice": "同じ方が二度載っています",
    "no_phone": "電話番号のない方が含まれています",
    "k_a": "名簿Ａの行が、決められた数より少ない世帯にしか当てはまりません",
    "k_b": "名簿Ｂの行が、決められた数より少ない世帯にしか当てはまりません",
    "token_twice": "同じ照合番号が二度あります",
    "house_in_a": "名簿Ａに号室が含まれています",
    "field": "班と日数で回れる件数を超えています",
    "stopped": "勧奨停止の方が含まれています",
    "refused": "勧奨を断った方が含まれています",
    "deferred": "時期を改める方が含まれています",
    "left": "対象者一覧から外れた方が含まれています",
    "identity_held": "本人の確認待ちの方が含まれています",
    "aged_out": "75歳に達する方が含まれています",
    "attended": "受診済みの方が含まれています",
    "not_in_plan": "名簿にあって計画にない方がいます",
    "no_segment": "グループの決まらない方が含まれています",
    "no_order": "順番が一から続いていません",
    "home_split": "同じ世帯の方が勧奨群と保留群に分かれています",
    "held_unconsented": "区の承諾がないのに保留群があります",
    "counts": "件数が合いません",
    "cutoff": "データ基準日が、最新の受診データと違います",
    "lines_missing": "あるべき行がないか、余分な行があります",
    "small_cell": "少ない人数が表に出ています",
    "given_away": "伏せた人数が、残りの行から計算できます",
    "cost_cell": "費用と単価から、少ない人数が計算できます",
    "claimed_unconsented": "区の承諾がないのに効果を述べています",
    "not_listed": "渡した名簿にない行です",
    "duplicate": "同じ行が二度あります",
    "not_from_person": "本人以外から聞いた意向・理由・要望が含まれています",
    "purpose_unstated": "利用目的を告げていない聞取りが含まれています",
    "person_mismatch": "本人との結果なのに、応答者が本人ではありません",
}
