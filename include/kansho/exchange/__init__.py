"""Packages to and from other parties: sealed, recorded, with 甲's consent checked at the door.

Belongs here: handing over, taking, accepting, refusing.  Does not belong here: what is inside
(the stages and the contracts know).  States of an incoming package: waiting → taken →
accepted | refused; of an outgoing one: handed over, once.
"""

from kansho.exchange.authority import authority_of, decision_on
from kansho.exchange.door import accept, digest_of, hand_over, refuse, take, waiting
from kansho.exchange.package import Package

__all__ = ["Package", "accept", "authority_of", "decision_on", "digest_of", "hand_over", "refuse", "take", "waiting"]
