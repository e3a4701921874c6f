"""What lies at one level of a bucket: its folders and what lies beside them, whatever is below.

Belongs here: that look, bounded by how many folders there are.  Does not belong here: which folders there may be
(`kansho.closing.discovery`), or what is in them.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from kansho.vault.s3_calls import DEFAULT, Patience, tried


def level(
    client: Any, bucket: str, below: str = "", *, uploads: bool = False, patience: Patience = DEFAULT
) -> list[str]:
    """Names directly under a prefix, those of folders with a slash at their end, sorted.

    What a delete marker hides is there too; unfinished uploads where they are asked for.
    """
    found = _level(client.list_object_versions, "list versions", {"Bucket": bucket, "Prefix": below}, patience)
    if uploads:
        found |= _level(client.list_multipart_uploads, "list uploads", {"Bucket": bucket, "Prefix": below}, patience)
    return sorted({_at_this_level(name.removeprefix(below)) for name in found if name.startswith(below)})


def _at_this_level(name: str) -> str:
    """Some servers tell uploads whole, whatever delimiter is asked for."""
    folder, slash, _ = name.partition("/")
    return folder + slash


def _level(call: Any, what: str, place: dict[str, str], patience: Patience) -> set[str]:
    found: set[str] = set()
    marker: dict[str, str] = {}
    while True:
        page = tried(what, partial(call, **place, Delimiter="/", **marker), patience)
        found |= {entry["Prefix"] for entry in page.get("CommonPrefixes", ())}
        found |= {entry["Key"] for part in ("Versions", "DeleteMarkers", "Uploads") for entry in page.get(part, ())}
        if not page.get("IsTruncated"):
            return found
        # After a folder the next page begins behind all that lies in it: then no version is named.
        told = (("KeyMarker", "NextKeyMarker"), *_SECOND[what])
        marker = {name: page[of] for name, of in told if page.get(of)}


_SECOND: dict[str, tuple[tuple[str, str], ...]] = {
    "list versions": (("VersionIdMarker", "NextVersionIdMarker"),),
    "list uploads": (("UploadIdMarker", "NextUploadIdMarker"),),
}
