"""The pressure-sealed postcard as a thing: size, leaves, and the paper that keeps the post's weights.  Pure.

Source: domain notes 6.2 (第二種郵便物 通常葉書の大きさと重さ; 圧着はがきは宛名の葉が 2 g 以上、全体で 6 g 以下).
"""

from __future__ import annotations

from dataclasses import dataclass

from kansho.errors import KanshoError

#: 四六判 of 上質紙, kilograms of a ream; g/m² is that times 1.163.
WEIGHTS = (70, 90, 110, 135, 180)
GRAMS_PER_KG = 1.163
LONG, SHORT = (140.0, 154.0), (90.0, 107.0)
LEAF_FROM, WHOLE_TO = 2.0, 6.0


@dataclass(frozen=True)
class Folded:
    """A V-fold card: two leaves of one sheet; millimetres of the closed card."""

    width: float
    height: float
    leaves: int = 2

    def leaf_grams(self, kg: int) -> float:
        """Grams of one leaf on paper of ``kg``."""
        return self.width * self.height * 1e-6 * kg * GRAMS_PER_KG


#: What `kansho.mailing.cards` and the designs set.
CARD = Folded(100.0, 148.0)


def paper_for(card: Folded) -> int:
    """The lightest paper (kg of 四六判) on which the card is one for the post.

    Raises:
        KanshoError: ``CARD-SIZE`` outside the sizes of a postcard, ``CARD-WEIGHT`` when no paper fits.
    """
    short, long = sorted((card.width, card.height))
    if not (SHORT[0] <= short <= SHORT[1] and LONG[0] <= long <= LONG[1]):
        raise KanshoError(
            "CARD-SIZE",
            "はがきの大きさの範囲にありません",
            place=f"{card.width:g}×{card.height:g} mm",
            remedy="短辺 90〜107 mm、長辺 140〜154 mm にしてください",
        )
    for kg in WEIGHTS:
        if card.leaf_grams(kg) >= LEAF_FROM and card.leaf_grams(kg) * card.leaves <= WHOLE_TO:
            return kg
    raise KanshoError(
        "CARD-WEIGHT",
        "重さの範囲に入る用紙がありません",
        place=f"{card.leaves}枚",
        remedy="大きさか折り方を変えてください",
    )
