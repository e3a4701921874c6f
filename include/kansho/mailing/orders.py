"""製造指示書 and 差出票（案）: what the printer makes and hands in at the post, as PDF; never a person.

Belongs here: the words of both papers.  Does not belong here: counting (`sorting`), money (`postage`), how a document
looks (`kansho.documents`).
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Mapping, Sequence
from datetime import date

import pandas as pd

from kansho.campaign.config import CampaignConfig, MailingWave
from kansho.campaign.costs import postage_of
from kansho.campaign.postage import Postage
from kansho.campaign.rights import Work
from kansho.documents import Document, Section, Table, render
from kansho.mailing.designs import Design
from kansho.mailing.face import BLEED
from kansho.mailing.paper import CARD, paper_for
from kansho.mailing.preflight import CLEAR
from kansho.mailing.sorting import plan_csv, sorting_plan
from kansho.workspace import Workspace

FILE_HEADINGS = ("ファイル", "通数", "頁", "要約値")
#: What the printer's report counts → how the order asks for it (`kansho.mailing.dispatch` takes it in).
REPORT_COUNTS: Mapping[str, str] = {
    "printable": "印刷データの通数",
    "withdrawn": "引抜き一覧により、印刷せずに除いた通数",
    "reprinted": "同じ連番で刷り直した通数",
    "printed": "刷った通数（printable − withdrawn ＋ reprinted）",
    "pulled": "引抜き一覧により、刷った後に抜いた通数",
    "spoiled": "損紙の通数",
    "posted": "差し出した通数（printed − pulled − spoiled）",
}


def papers(
    ws: Workspace,
    wave: MailingWave,
    designs: Sequence[Design],
    printable: pd.DataFrame,
    pdfs: Mapping[str, tuple[int, bytes]],
) -> dict[str, bytes]:
    """What goes to the printer beside the cards: 製造指示書, 差出票（案） and 区分計画.

    Args:
        ws: the campaign.
        wave: the mailing.
        designs: as they were approved (校了).
        printable: printable rows of kind ``card_list``.
        pdfs: file → cards in it, content.
    """
    plan = sorting_plan(printable, wave.id)
    postage = postage_of(ws.config, wave, len(printable), int(printable["bars"].notna().sum()))
    listed = {name: (cards, hashlib.sha256(data).hexdigest()) for name, (cards, data) in pdfs.items()}
    order = work_order(ws.config, wave, designs, plan, listed, issued_on=ws.today, simulation=ws.is_simulation)
    slip = posting_slip(ws.config, wave, plan, postage, issued_on=ws.today, simulation=ws.is_simulation)
    return {
        "work_order.pdf": order,
        "posting_slip.pdf": slip,
        "sorting_plan.csv": plan_csv(plan),
        "print_files.csv": files_csv(listed),
    }


def files_csv(files: Mapping[str, tuple[int, str]]) -> bytes:
    """Every file of cards with its sheets, pages and digest, as the printer's machine reads it; as in the order.

    Args:
        files: PDF → cards in it, SHA-256.
    """
    rows = [(name, cards, 2 * cards, digest) for name, (cards, digest) in sorted(files.items())]
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\r\n").writerows([FILE_HEADINGS, *rows])
    return buffer.getvalue().encode("utf-8-sig")


def work_order(
    config: CampaignConfig,
    wave: MailingWave,
    designs: Sequence[Design],
    plan: pd.DataFrame,
    files: Mapping[str, tuple[int, str]],
    *,
    issued_on: date,
    simulation: bool,
) -> bytes:
    """製造指示書.

    Args:
        config: the year.
        wave: the mailing.
        designs: as they were approved (校了).
        plan: `sorting.sorting_plan`.
        files: PDF → cards in it, SHA-256.
        issued_on: day of the order.
        simulation: marks every page.
    """
    by_design = plan.groupby("design")["cards"].sum()
    quantities = tuple((d.id, d.manifest.title, f"第{d.revision}版", f"{int(by_design[d.id]):,}") for d in designs)
    listed = tuple((name, f"{cards:,}", f"{2 * cards:,}", digest) for name, (cards, digest) in sorted(files.items()))
    return render(
        Document(
            title="製造指示書",
            contract_title=config.contract.title,
            contract_number=config.contract.number,
            issued_on=issued_on,
            issuer=config.contractor.name,
            addressee=config.party_for(Work.ADDRESSING).name,
            facts=(
                ("通知", wave.name),
                ("数量", f"{int(by_design.sum()):,} 通"),
                ("仕上り", f"{CARD.width:g}×{CARD.height:g} mm、V字圧着（展開 {CARD.width * 2:g}×{CARD.height:g} mm）"),
                ("塗り足し", f"四方 {BLEED:g} mm（TrimBox が仕上り）。端と折り目の両側 {CLEAR:g} mm は白紙"),
                ("色", "宛名面・中面とも CMYK。文字・罫線・バーコード・連番の印は K 100%（DeviceGray・K のみ）"),
                ("用紙", f"上質紙 四六判 {paper_for(CARD)} kg（1葉 {CARD.leaf_grams(paper_for(CARD)):.1f} g）"),
                ("引抜き一覧の受領", wave.pull_on.isoformat()),
                ("差出し・報告", wave.report_on.isoformat()),
            ),
            sections=(
                Section("デザイン別の数量", (), (Table(("記号", "デザイン", "版", "数量"), quantities, numeric=(3,)),)),
                Section(
                    "印刷データ",
                    (
                        "印刷前に要約値（SHA-256）を照合し、違うときは印刷せずに連絡してください。"
                        "同じ表を print_files.csv に入れてあります。",
                    ),
                    (Table(FILE_HEADINGS, listed, numeric=(1, 2)),),
                ),
                Section(
                    "面付け",
                    (
                        "一通は二頁です。奇数頁が外面、偶数頁が中面で、短辺方向に裏返して重ねます（左右とじ）。",
                        "中央の縦線で中面を内側にして二つに折り、宛名面の左の辺が折り目、右の辺が開き口です。",
                    ),
                    (Table(("頁", "左半分", "右半分", "差込み"), _PANELS),),
                ),
                Section(
                    "取扱い",
                    (
                        "印刷の順序を変えないでください（郵便番号順）。",
                        "折りのずれは 2 mm 以内とし、中面が透けない用紙か隠蔽のニスを使ってください。",
                        "圧着の隙間から中面が見えないことを、各デザインの最初の百通で確認してください。",
                        "損紙は連番を控え、数を報告してください。再印刷は同じ連番で行い、損紙は返却してください。",
                    ),
                ),
                Section(
                    "差出し後の報告",
                    (
                        f"包み（種別 print_report、名前 {wave.id}）に report.json と次の三つの CSV を入れてください。"
                        f"訂正は {wave.id}-2、{wave.id}-3 … の名で送ってください。",
                        "report.json には下の表の名の通数と、posted_on（差出日。予定どおりなら "
                        f"{wave.report_on.isoformat()}）を書いてください。"
                        "差出日は一つの日で、引抜き一覧をお渡しした日より前の日は受け取れません。",
                        "posted.csv（差し出した連番）、withdrawn.csv（印刷せずに除いた連番）、pulled.csv（刷った後に抜いた連番）は、"
                        "1行目を serial とし、2行目から連番を1行に一つ書いてください。",
                        "通数か連番が合わない報告は受け取らず、事故のおそれとして扱います。",
                    ),
                    (Table(("名", "通数"), tuple(REPORT_COUNTS.items())),),
                ),
            ),
            signatures=("指示者", "受領者"),
            simulation=simulation,
        )
    )


#: Page, what is printed on its halves, and what differs from card to card.
_PANELS = (
    ("奇数（外面）", "外面裏（全通共通）", "宛名面", "宛名面に郵便番号・住所・氏名・バーコード・番号・連番・印"),
    ("偶数（中面）", "中面左（宛名面の裏）", "中面右（外面裏の裏）", "なし（デザインごとに同じ）"),
)


def posting_slip(
    config: CampaignConfig,
    wave: MailingWave,
    plan: pd.DataFrame,
    postage: Postage,
    *,
    issued_on: date,
    simulation: bool,
) -> bytes:
    """差出票（案）: pieces by area and the postage that they are expected to cost.

    Raises:
        KanshoError: ``CARD-SIZE``, ``CARD-WEIGHT``.
    """
    areas = plan.groupby("postal_area")[["cards", "barcoded", "bundles"]].sum()
    rows = tuple(
        (str(area), f"{row.cards:,}", f"{row.barcoded:,}", f"{row.bundles:,}")
        for area, row in zip(areas.index, areas.itertuples(index=False), strict=True)
    )
    names = ("区分郵便物", f"送達余裕（{wave.slack_days}日）", "地域区分局への差出し", "カスタマバーコード")
    percents = tuple(
        (name, f"{found.percent}", f"{found.pieces:,}", f"{-found.yen:,}")
        for name, found in zip(names, postage.discounts.values(), strict=True)
    )
    return render(
        Document(
            title="差出票（案）",
            contract_title=config.contract.title,
            contract_number=config.contract.number,
            issued_on=issued_on,
            issuer=config.contractor.name,
            addressee=config.party_for(Work.ADDRESSING).name,
            facts=(
                ("差出人", config.ward.name),
                ("種別", "第二種郵便物（通常葉書）、料金後納"),
                ("差出日", wave.report_on.isoformat()),
                ("通数", f"{postage.pieces:,}"),
                ("一通の料金", f"{postage.rate} 円"),
                ("割引前", f"{postage.full_yen:,} 円"),
                ("見込額", f"{postage.yen:,} 円"),
            ),
            sections=(
                Section(
                    "割引",
                    ("引抜き前の通数による見込みです。差出しの日の通数で、差出人と郵便局が確定します。",),
                    (Table(("割引", "率（％）", "対象の通数", "額（円）"), percents, (1, 2, 3)),),
                ),
                Section(
                    "郵便区別の通数",
                    (),
                    (Table(("郵便区番号", "通数", "バーコードあり", "把数"), rows, numeric=(1, 2, 3)),),
                ),
            ),
            signatures=("差出人", "引受け"),
            simulation=simulation,
        )
    )
