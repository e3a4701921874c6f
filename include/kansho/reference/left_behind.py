"""What a refusal leaves behind, for every code: data.

Belongs here: one sentence for each family of codes; the longest beginning that fits a code is its family.  Does not
belong here: messages and remedies, which stand where the error is raised (`raised`).
"""

from __future__ import annotations

from dataclasses import dataclass

from kansho.errors import KanshoError

_NOTHING = "何も変わりません（書く前に断ります）。"
_READ_ONLY = "読むだけの検査です。何も書きません。"


@dataclass(frozen=True)
class Family:
    """Codes that leave the same behind: their common heading, the sentence, and what they begin with."""

    title: str
    stays: str
    beginnings: tuple[str, ...]


#: In the order of the page: as data comes in, is used and goes.
FAMILIES: tuple[Family, ...] = (
    Family(
        "提供の差戻し",
        "封緘されたままの原本が一つと、台帳の `delivery_refused`（コード・場所・対処）とその控え（例外の登録、"
        "区への通知、読めた送付書の媒体の登録）だけが残ります。表も事実も増えず、パスワードは消去します。",
        ("INTAKE-", "STOP-EMPTY"),
    ),
    Family(
        "提供の差戻し（事故を伴うもの）",
        "提供の差戻しと同じものに加えて、事故 `incident_opened` が残ります。",
        ("INTAKE-COLUMN-FORBIDDEN", "INTAKE-MYNUMBER"),
    ),
    Family(
        "パスワード違い",
        "使った試行の記録（`password_used`、`delivery_refused`）が残ります。提供は開封を待ち続けます。",
        ("INTAKE-PASSWORD",),
    ),
    Family(
        "受領の結び",
        "受領できた提供はすべて受領済みです。実行だけが赤くなります。",
        ("INTAKE-REFUSED",),
    ),
    Family("パスワードの入力、ご指摘", _NOTHING, ("PASSWORD-", "COMMENT-")),
    Family(
        "閲覧の拒否",
        "読もうとした事実（`read_refused`）が台帳に残り、何も読めません。",
        ("READ-",),
    ),
    Family(
        "事前の確認と参照の命令",
        _READ_ONLY,
        (
            "CHECK-",
            "CONTRACT-DOCS",
            "CODES-",
            "CONTRACT-UNKNOWN",
            "SIM-",
            "LEDGER-SHOW-",
            "LEDGER-PROOF-",
            "HANDLING-",
            "CLAUSES-",
        ),
    ),
    Family(
        "検証",
        "検証の結果（`gate_evaluated`）と要約・該当行の控えは、作られたところまで残ります。事実にはならず、"
        "合格として記録されることはありません。",
        ("GATE-", "VALIDATION-"),
    ),
    Family(
        "名簿・印刷データの引渡し前の検証",
        "作った一覧と検証の結果は保管庫に残ります。誰にも渡しません。",
        ("GATE-CALL-RELEASE", "GATE-PRINT-RELEASE", "GATE-VISIT-RELEASE"),
    ),
    Family("検証規則の調整", _NOTHING, ("RULE-",)),
    Family("例外の判断", _NOTHING, ("EXCEPTION-",)),
    Family(
        "勧奨停止一覧",
        "何も送らず、架けず、訪ねません。それまでに作った一覧は保管庫に残ります。",
        ("STOP-MISSING", "STOP-STALE", "STOP-UNDECIDED"),
    ),
    Family("外字", _NOTHING, ("GAIJI-",)),
    Family(
        "勧奨計画と選定",
        "計画や選定は作られません。前の段階の事実はそのままです。",
        ("PLAN-", "SEED-", "SEGMENT-", "ELIGIBILITY-", "WAVE-", "HEALTH-TERM"),
    ),
    Family(
        "通知の作成",
        "作り終えた束は同じ名前で保管庫に残り、やり直すと続きから作ります。何も引き渡しません。",
        ("MAILING-", "DESIGN-", "POSTAGE-", "CARD-"),
    ),
    Family("訪問と授受簿", "訪問票は発行しません。それまでの授受の記録は残ります。", ("CUSTODY-", "VISIT-")),
    Family(
        "関係者から届くもの",
        "届いた荷や書類はそのまま置かれ、断った理由が台帳（荷は `package_refused`、"
        "書類は内容ごとに一度 `paper_refused`）に残ります。中身は事実になりません。",
        ("PACKAGE-", "TABLE-", "PAPER-", "FIELD-", "PRINT-", "RETURNS-", "RESULTS-", "CONTRACT-COLUMNS"),
    ),
    Family("引渡し", "荷は作られず、何も渡りません。", ("EXCHANGE-", "FLOW-")),
    Family(
        "設定と業務開始",
        "設定も、記録済みの台帳も変わりません。直すまで、どの作業も進みません。",
        ("CONFIG-", "OPENING-", "AMENDMENT-", "LEDGER-UNOPENED", "CLI-", "STORAGE-"),
    ),
    Family(
        "保護の弱まり",
        "何も読まず、何も書きません。見つけた事実（`protection_weakened`）だけが、書ければ台帳に一度残ります。",
        ("PROTECTION-",),
    ),
    Family(
        "承認",
        "承認の依頼と、記録された回答は残ります（期限切れは `approval_voided`）。承認として数えることはなく、"
        "後の作業は進みません。",
        ("APPROVAL-", "RUN-", "DESK-"),
    ),
    Family(
        "保管庫・台帳・文書",
        "既にあるものは書き換えません。書き終えた版は同じ名前で残り、やり直すと見つけて使います。",
        (
            "VAULT-",
            "SNAPSHOT-",
            "DOCUMENT-",
            "LEDGER-",
            "KEY-ABSENT",
            "KEY-PASSPHRASE",
            "KEY-SETTINGS",
            "KEY-TLS",
            "KEY-PLACE",
            "KEY-ROTATION",
            "KEY-SERVICE",
            "KEY-ELSEWHERE",
            "S3-",
            "DISK-",
        ),
    ),
    Family("取扱者の離任、調査の資料", _NOTHING, ("LEAVER-", "PACK-")),
    Family("事故", "事故の登録や報告書は変わりません。", ("INCIDENT-",)),
    Family(
        "引渡し・消去・証明",
        "消去し終えたものは戻りません。残りはそのままで、やり直すと続きから行います。新しい証明書は作られません。",
        ("CLOSING-", "ERASURE-", "CERTIFY-", "TRACES-", "KEY-KEPT", "KEY-UNSCHEDULED", "SUMMARY-"),
    ),
    Family("業務終了後の返戻はがき", _NOTHING, ("LATE-MAIL-",)),
    Family(
        "証跡の検証（`kansho verify`）",
        f"{_READ_ONLY}検証が挙げるコードの一覧は [evidence](evidence.md) にあります。",
        ("BUNDLE-", "JSON-", "EVENT-", "CHECKPOINT-", "KEPT-", "TIMESTAMP-", "CONFIG-FORM", "CONFIG-NAME", "KEY-FORM"),
    ),
    Family(
        "Airflow の配線",
        "タスクは失敗します。書き終えたものは残り、やり直すと見つけて使います。",
        ("AIRFLOW-", "STEP-", "TASK-", "XCOM-", "DATE-", "WIRING-", "CONFIG-TWICE", "CONFIG-UNKNOWN"),
    ),
    Family("終了した業務", _NOTHING, ("CAMPAIGN-ENDED",)),
    Family("Airflow の API", "Airflow は何も保存しません（保存する前に断ります）。", ("API-",)),
    Family("年度の再現（`make campaign`）", "再現はそこで止まります。やり直すと続きから進みます。", ("REPLAY-",)),
)

#: Codes whose text is only known when they are raised (names of DAGs, a state): what they mean.
MEANINGS = {
    "AIRFLOW-PARSE": "DAGs that the DAG processor did not find in time",
    "AIRFLOW-SLOW": "a run that did not finish in time (its state)",
}


def family(code: str) -> Family:
    """The family of a code: of all beginnings that fit it, the longest.

    Raises:
        KanshoError: ``CODES-FAMILY`` when none fits; then a new kind of refusal has to be thought through here.
    """
    fitting = {b: f for f in FAMILIES for b in f.beginnings if code.startswith(b)}
    if not fitting:
        raise KanshoError(
            "CODES-FAMILY",
            "断った後に何が残るかが書かれていないコードです",
            place=code,
            remedy="reference/left_behind.py に加えてください",
        )
    return fitting[max(fitting, key=len)]
