"""Archives recognised by their first bytes, whatever they are called.

Belongs here: the table of magic bytes.  A delivery holds tables, never another container.
"""

from __future__ import annotations

import re

ZIP = b"PK\x03\x04"
SEVEN_ZIP = b"7z\xbc\xaf\x27\x1c"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

_STARTS = (
    ZIP,
    b"PK\x05\x06",  # a zip of nothing
    b"PK\x07\x08",  # a zip in parts
    SEVEN_ZIP,
    OLE,
    b"Rar!\x1a\x07",
    b"\x1f\x8b\x08",  # gzip
    b"\x1f\x9d",  # compress
    b"\xfd7zXZ\x00",
    b"\x28\xb5\x2f\xfd",  # zstd
    b"\x04\x22\x4d\x18",  # lz4
    b"MSCF\x00\x00\x00\x00",  # cab
    b"age-encryption.org/",
    b"MZ\x90\x00",  # an archive that opens itself
)
_OTHER = re.compile(rb"BZh[1-9]\x31\x41\x59\x26\x53\x59|..-l[hz][0-9dse]-|[^\x00].{256}ustar", re.DOTALL)
#: Bytes that decide.
HEAD = 512


def is_archive(head: bytes) -> bool:
    """Whether contents that begin with ``head`` (at least `HEAD` bytes of them) are a container."""
    return head.startswith(_STARTS) or _OTHER.match(head[:HEAD]) is not None
