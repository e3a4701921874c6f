"""What every card must say, by name: the sentences and numbers that no design can leave out.

Belongs here: what must stand on which face.  Does not belong here: where it stands (``include/designs``), refusing a
design without it (`kansho.mailing.designs`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from kansho.campaign.config import CampaignConfig
from kansho.mailing.manifest import Manifest
from kansho.mailing.wording import plain

#: Sides (mm) between which the mark of postage lies, and what it says (料金後納郵便の表示).
POSTAGE_MARK = "料金後納郵便"
POSTAGE_SIDE = (20.0, 30.0)
#: What the inner side must show beside its text: the ward's page as `kansho.mailing.qr` draws it.
PAGE = "区のページのQR（ward.url）"
#: Without it the card is no postcard but a letter (domain 6.2).
CARD_WORD = "郵便はがき"


@dataclass(frozen=True)
class Element:
    """Something that must be read on a face; an empty ``text`` is one that the campaign file does not give."""

    name: str
    text: str


def crossing(as_of: date) -> str:
    """The sentence for whoever attended meanwhile (行き違い), with its marks (`kansho.mailing.wording`)."""
    return f"{as_of.month}月{as_of.day}日現在の/情報で/作成しました。/行き違いで/既に受けられた方は、/ご容赦ください。"


def stopping(config: CampaignConfig) -> str:
    """How to stop further notices, with its marks."""
    return (
        "今後のご案内を/希望されない方は、/宛名面の/お問い合わせ番号を/添えて、"
        f"/区（{config.ward.phone}）へ/お申し出ください。"
    )


def season(manifest: Manifest, config: CampaignConfig) -> str:
    """The period of what the card is about, with its marks: some cancer screenings end earlier (胃内視鏡)."""
    text = config.ward.cancer_season_text if manifest.programme == "cancer" else config.ward.season_text
    return text.replace("（", "/（")


def screenings(manifest: Manifest, config: CampaignConfig) -> tuple[tuple[str, str], ...]:
    """Name and ages of the screenings that a design's reader may have; two ways of one (胃: Ｘ線, 内視鏡) are one."""
    found: dict[str, str] = {}
    for one in config.targeting.screenings:
        if one.sex in (None, manifest.sex):
            ages = f"{one.min_age}歳から" + (f"{one.max_age}歳" if one.max_age is not None else "")
            found.setdefault(one.name.split("（")[0], ages + ("・偶数の年齢" if one.due_rule == "even_age" else ""))
    return tuple(found.items())


def inside(manifest: Manifest, cost: str, config: CampaignConfig, as_of: date) -> tuple[Element, ...]:
    """What the inner side must say."""
    clinics = config.ward.clinics
    return (
        Element("予約先の医療機関（ward.clinics）", "" if not clinics else clinics[0].name),
        *(Element(f"予約先 {c.name}", c.name) for c in clinics[1:]),
        *(Element(f"予約の電話番号 {c.name}", c.phone) for c in clinics),
        Element("期間（ward.season_text、がん検診は ward.cancer_season_text）", plain(season(manifest, config))),
        Element("費用", cost),
        Element("問い合わせの電話番号", config.ward.phone),
        Element("行き違いの一文", plain(crossing(as_of))),
        Element("停止の申し出方", plain(stopping(config))),
    )


def outside(config: CampaignConfig) -> tuple[Element, ...]:
    """What the outer side must say."""
    sender = config.ward.sender
    return (
        Element(CARD_WORD, CARD_WORD),
        Element("料金後納郵便の表示", POSTAGE_MARK),
        Element("区の一文（ward.allowed_outer_sentence）", config.ward.allowed_outer_sentence),
        Element("差出人（ward.sender）", sender.name),
        Element("差出人の郵便番号", sender.postal_code),
        Element("差出人の住所（返戻先）", sender.address),
    )
