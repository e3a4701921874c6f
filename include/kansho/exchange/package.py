"""The package format: a stored zip with ``manifest.json`` first; sealing is the vault's age form.

Pure over bytes.  The manifest names every file with digest, so that the receiver notices what is
missing, added or changed.
"""

from __future__ import annotations

import hashlib
import io
import json
import lzma
import struct
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kansho.errors import KanshoError

MANIFEST = "manifest.json"
#: No package of a ward's year comes near this.
MAX_BYTES = 4 * 1024**3
#: What a package may come to beside its own bytes, where another program than ours compressed it: times, and at least.
#: Tables of text come to some ten times; it stops a bomb before memory does.
MAX_RATIO, ALWAYS = 50, 16 * 1024**2
#: What the standard library says of an archive, or of a manifest, that is none.
_DAMAGED = (
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, EOFError, OSError, OverflowError),
    *(ValueError, LookupError, TypeError, AttributeError, NotImplementedError, RuntimeError, RecursionError),
)
_EPOCH = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class Package:
    """An opened package."""

    files: Mapping[str, bytes]
    manifest: Mapping[str, Any]


def pack(files: Mapping[str, bytes], manifest: Mapping[str, Any]) -> bytes:
    """Bytes of a package; the same input gives the same bytes."""
    listed = [{"name": n, "sha256": hashlib.sha256(d).hexdigest(), "bytes": len(d)} for n, d in sorted(files.items())]
    head = json.dumps({**manifest, "files": listed}, sort_keys=True, ensure_ascii=False).encode()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(zipfile.ZipInfo(MANIFEST, _EPOCH), head)
        for name, data in sorted(files.items()):
            archive.writestr(zipfile.ZipInfo(name, _EPOCH), data)
    return buffer.getvalue()


def unpack(data: bytes) -> Package:
    """Open and check a package.

    Raises:
        KanshoError: ``PACKAGE-FORM`` or ``PACKAGE-DIGEST``.
    """
    most = min(MAX_BYTES, max(ALWAYS, MAX_RATIO * len(data)))
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            infos = archive.infolist()
            names = [i.filename for i in infos]
            if len(names) != len(set(names)) or sum(i.file_size for i in infos) > most:
                raise ValueError("entries")
            contents = {name: archive.read(name) for name in names}
        manifest = json.loads(contents.pop(MANIFEST))
        if not isinstance(manifest, dict):
            raise TypeError("manifest")
        listed = {f["name"]: f["sha256"] for f in manifest["files"]}
    except _DAMAGED:
        raise KanshoError(
            "PACKAGE-FORM", "荷の形式が正しくありません", remedy="送付元に再送を依頼してください"
        ) from None
    actual = {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}
    if actual != listed:
        raise KanshoError("PACKAGE-DIGEST", "荷の中身が送り状と一致しません", remedy="送付元に再送を依頼してください")
    return Package(contents, manifest)
