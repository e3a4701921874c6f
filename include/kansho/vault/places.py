"""Where a service may answer: encrypted, and at an endpoint and in a region of a place that 甲 designated (P14).

Belongs here: the two questions, asked of storage and of keys alike.  Does not belong here: what is refused in which
words (`kansho.vault.storage`, `kansho.vault.deployed`).
"""

from __future__ import annotations

from urllib.parse import urlsplit

from kansho.campaign.config import CampaignConfig, Place

_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


def encrypted(endpoint: str) -> bool:
    """Whether an endpoint is a host alone (no path, no credential), over TLS or on this machine's loopback."""
    try:
        parts = urlsplit(endpoint)
        local = parts.scheme == "http" and parts.hostname in _LOOPBACK
        plain = parts.path in ("", "/") and not parts.query and not parts.fragment and parts.username is None
    except ValueError:
        return False
    return (parts.scheme == "https" or local) and bool(parts.hostname) and plain


def designated(config: CampaignConfig, place: str, endpoint: str, region: str) -> Place | None:
    """The place of ours of that id, if this endpoint and this region are among what was designated there."""
    found = next((p for p in config.places if p.id == place and p.party == config.contractor.id), None)
    if found is None or urlsplit(endpoint).netloc not in found.endpoints or region not in found.regions:
        return None
    return found
