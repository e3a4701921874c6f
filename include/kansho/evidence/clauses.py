"""The contract's clauses as the verifier speaks of them: a short title each, and which finding speaks of which clause.

Belongs here: these closed tables (clauses as in requirements.md).  Does not belong here: obligations with their days
(`kansho.oversight`), or which event is evidence for which clause (`kansho.evidence.events`).
"""

from __future__ import annotations

from collections.abc import Mapping

from kansho.evidence.deadline_rules import KINDS, WARDS_OWN
from kansho.evidence.events import Event
from kansho.evidence.findings import Finding

TITLES: Mapping[str, str] = {
    "C1": "履行期間と年度の設定",
    "C2": "特定健診の対象者",
    "C4": "数量の上限（はがき・電話・訪問）",
    "C5": "グループ分けと文面",
    "C6": "業務の各段階",
    "C7": "再委託の承諾と範囲",
    "D1": "提供情報の受領と確認",
    "D2": "再委託先へ渡す項目",
    "D3": "媒体と暗号化",
    "D4": "人間ドックの結果を扱わない",
    "D5": "収集してはならない事項",
    "D6": "承認された情報の流れと作業ファイル",
    "D7": "お問い合わせ番号だけで扱う",
    "P1": "訪問対象リストの区による確認",
    "P2": "二人に分けたリスト",
    "P3": "授受簿による枚数管理",
    "P4": "取扱者と責任者の届出",
    "P5": "教育と周知",
    "P6": "実地検査と監査",
    "P7": "再委託先の契約と承諾",
    "P8": "個人ごとの権限と承認",
    "P9": "事故の報告",
    "P10": "訪問時の注意",
    "P11": "返還・引渡し・消去",
    "P12": "再委託先の消去証明",
    "P13": "取扱状況の報告",
    "P14": "取扱場所の指定",
    "P15": "システム上の対策",
    "E1": "効果の測定",
    "E2": "集計時点の明示",
}

#: What no log can show, and where it is shown instead.
ELSEWHERE: Mapping[str, str] = {
    "D2": "what a package held is fixed by the file contracts and their tests; the log holds counts and digests",
    "D4": "no file contract has such a column; the log cannot show what was not collected",
    "D5": "closed codes and the screening of notes; the log cannot show what was not collected",
    "D7": "the file contracts and the check for individual numbers at intake",
}

#: Beginning of a code → the clause it breaks.  What is not here breaks the evidence itself.
_BREAKS: tuple[tuple[str, str], ...] = (
    ("CONFIG-DIGEST", "C1"),
    ("CONFIG-ABSENT", "C1"),
    ("STATE-AMENDMENT", "C1"),
    ("STATE-CLAUSES", "C1"),
    ("STATE-DATE", "C1"),
    ("STATE-UNOPENED", "P4"),
    ("STATE-UNPROTECTED", "D3"),
    ("STATE-WEAKENED", "D3"),
    ("STATE-EXCEPTION", "D1"),
    ("STATE-GATE", "D1"),
    ("STATE-INCIDENT", "P9"),
    ("STATE-CONSENT-CLAUSES", "P7"),
    ("STATE-CONSENT", "C7"),
    ("STATE-RELEASE-ROLE", "P4"),
    ("STATE-RELEASE", "C6"),
    ("STATE-READ-UNREGISTERED", "P4"),
    ("STATE-READ-ENDED", "P4"),
    ("STATE-READ-UNKNOWN", "D6"),
    ("STATE-READ-ERASED", "P11"),
    ("STATE-READ", "P8"),
    ("APPROVAL-UNASSIGNED", "P4"),
    ("APPROVAL-UNREGISTERED", "P4"),
    ("HANDLER", "P4"),
    ("PARTY", "C7"),
    ("FLOW-RECEIVER", "C7"),
    ("APPROVAL", "P8"),
    ("STATE-ERASED-REASON", "D6"),
    ("STATE-ERASED", "P11"),
    ("STATE-PLAN", "P11"),
    ("STATE-UNGATED", "D1"),
    ("STATE-CERTIFICATE", "P12"),
    ("STATE-NOT", "P11"),
    ("STATE-COPY", "P12"),
    ("STATE-RETURN", "P11"),
    ("STATE-KEY", "P11"),
    ("STATE-TRACES", "P11"),
    ("STATE-UNATTENDED", "P11"),
    ("STATE-ATTENDED", "P11"),
    ("STATE-MANUAL-NAMES", "P4"),
    ("STATE-MANUAL", "P11"),
    ("STATE-UNSCANNED", "P11"),
    ("STATE-RESIDUE", "P11"),
    ("STATE-SCAN", "P11"),
    ("STATE-UNVERIFIED", "P11"),
    ("STATE-INTERIM", "P11"),
    ("CUSTODY-SHEETS", "P3"),
    ("CUSTODY-MEDIUM", "D3"),
    ("CUSTODY-CERTIFICATE", "P12"),
    ("CUSTODY-COPY", "P12"),
    ("CUSTODY-PARTY", "C7"),
    ("CUSTODY-ORPHAN", "D6"),
    ("CUSTODY-PARENT", "D6"),
    ("CUSTODY", "P11"),
    ("HANDOVER", "P11"),
    ("PAPERS-PARTY", "P12"),
    ("PAPERS-WORDS", "P12"),
    ("PAPERS-UNISSUED", "P11"),
    ("PAPERS-OTHER", "P11"),
    ("PAPERS-HAND", "P11"),
    ("OVERSIGHT-TRAINING", "P5"),
    ("OVERSIGHT-BRIEFING", "P5"),
    ("OVERSIGHT-LEAVER", "P5"),
    ("OVERSIGHT-CORRECTION", "P6"),
    ("OVERSIGHT-INSPECTION", "P6"),
    ("OVERSIGHT-ATTESTATION", "P15"),
    ("OVERSIGHT-CHECKLIST", "P10"),
    ("PLACE", "P14"),
    ("FLOW", "D6"),
    ("WORK-MEDIUM", "D3"),
    ("WORK-PLAN", "C5"),
    ("WORK-CAPACITY", "C4"),
    ("WORK-PULLS", "C2"),
    ("WORK-CUTOFF", "E2"),
    ("WORK-UNSENT", "C6"),
    ("WORK", "E1"),
    ("COUNT-NEGATIVE", ""),
    ("COUNT-DELIVERED", "D1"),
    ("COUNT-ROSTER", "C2"),
    ("COUNT-PERSONS", "C2"),
    ("COUNT-CANDIDATES", "C4"),
    ("COUNT-GIVEN", "C6"),
    ("COUNT-CALLED", "C6"),
    ("COUNT-PULLED", "C2"),
    ("COUNT-ATTENDED", "C2"),
    ("COUNT-SELECTED", "C6"),
    ("COUNT-PRINT", "C6"),
    ("COUNT-REPORTED", "C6"),
    ("COUNT-POSTED", "C6"),
    ("COUNT-RESULTS", "C6"),
    ("COUNT-VISITS", "P2"),
    ("COUNT-SHEETS", "P3"),
    ("COUNT-CERTIFIED", "P12"),
    ("COUNT-", "P11"),
    *((code, clause) for code, clause in KINDS.values()),
)
#: Kind of package whose release is a clause of its own: that of the ward's word, and that of the gate.
_VISITS, _WORD, _GATE = "/visit_halves/", "P1", "P2"
_OF_A_GATE = ("STATE-RELEASE-UNGATED", "STATE-RELEASE-GATE")


def clause_of(finding: Finding) -> str:
    """The clause that a finding speaks of; ``''`` when it breaks the evidence itself (files, signatures, tree)."""
    if finding.code.startswith("STATE-RELEASE") and _VISITS in finding.place:
        return _GATE if finding.code in _OF_A_GATE else _WORD
    return next((clause for head, clause in _BREAKS if finding.code.startswith(head)), "")


def missed_clause(event: Event) -> str:
    """The clause that a recorded miss speaks of; ``''`` for what breaks none of 乙's."""
    kind = event.key.partition("/")[0]
    return KINDS[kind][1] if kind in KINDS else "" if kind in WARDS_OWN else event.codes.get("clause", "")
