"""How the hold-outs of a year's waves hang together: each wave apart, or nested (E1).

Belongs here: which other waves a wave's control arm concerns.  Does not belong here: drawing (`kansho.targeting`).

- ``independent``: a wave holds people out of itself only; its comparison answers for that wave alone.
- ``nested``: who is held out of a wave is held out of every later one; its comparison answers for that wave and
  everything after it, since its control arm receives none of that.
"""

from __future__ import annotations

from kansho.campaign.config import CampaignConfig, Wave


def waves_before(config: CampaignConfig, wave: str) -> tuple[Wave, ...]:
    """Waves whose held-out people a wave leaves out too, in the order of their dates; none if independent."""
    waves = config.waves.all()
    return waves[: _place(waves, wave)] if _nested(config) else ()


def waves_answered(config: CampaignConfig, wave: str) -> tuple[Wave, ...]:
    """Waves that the comparison of a wave's arms answers for: itself, and where they are nested every later one."""
    waves = config.waves.all()
    return waves[_place(waves, wave) :] if _nested(config) else (waves[_place(waves, wave)],)


def _nested(config: CampaignConfig) -> bool:
    return config.targeting.holdout_design == "nested"


def _place(waves: tuple[Wave, ...], wave: str) -> int:
    return next(n for n, w in enumerate(waves) if w.id == wave)
