"""The structure of a zip, checked before any library reads it: one directory, no overlaps, nothing before or behind.

Pure over bytes; used for sealed zips and for the zip inside a workbook.  Libraries accept overlapping entries, build an
object for every declared entry and take an end record out of trailing bytes; this refuses all of it first.

Decided and meant: bytes before the first entry (a self-opening program) and behind the end record (appended data) are
refused; gaps between entries are tolerated (writers leave data descriptors and deleted entries there) and never read;
zip64 and multi-part archives are refused, since nothing under our caps needs them.
"""

from __future__ import annotations

import struct

from kansho.intake.containers.caps import MAX_ENTRIES
from kansho.intake.containers.refusals import damaged, overlapping, too_big

_END = struct.Struct("<4s4H2LH")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_LOCAL = struct.Struct("<4s5H3L2H")
_ZIP64_LOCATOR = b"PK\x06\x07"
_ZIP64 = 0xFFFFFFFF


def check_zip_layout(data: bytes) -> None:
    """Refuse a zip whose structure is not simple.

    Raises:
        KanshoError: ``INTAKE-ARCHIVE``, ``INTAKE-OVERLAP``, ``INTAKE-BOMB`` (entries).
    """
    end, start, declared = _end_record(data)
    spans = [(start, end)]
    at = start
    while at < end:
        if end - at < _CENTRAL.size:
            raise damaged("目次が途中で切れています")
        fields = _CENTRAL.unpack_from(data, at)
        packed, local, lengths = fields[8], fields[16], fields[10:13]
        if fields[0] != b"PK\x01\x02" or _ZIP64 in (packed, fields[9], local):
            raise damaged("目次の形式")
        spans.append(_local_span(data, local, packed))
        at += _CENTRAL.size + sum(lengths)
        if len(spans) - 1 > MAX_ENTRIES:
            raise too_big(f"{MAX_ENTRIES}件を超えるファイル")
    if at != end or len(spans) - 1 != declared:
        raise damaged("目次の件数")
    spans.sort()
    if any(later[0] < former[1] for former, later in zip(spans, spans[1:], strict=False)):
        raise overlapping()


def _end_record(data: bytes) -> tuple[int, int, int]:
    """Where the directory ends and starts, and its declared entries."""
    end = data.rfind(b"PK\x05\x06", max(0, len(data) - _END.size - 0xFFFF))
    if end < 0 or len(data) - end < _END.size:
        raise damaged("末尾の記録がありません")
    _, disk, first, here, declared, size, start, comment = _END.unpack_from(data, end)
    if end + _END.size + comment != len(data):
        raise damaged("末尾に余分なデータがあるか、途中で切れています")
    if disk or first or here != declared or data[max(0, end - 20) :].startswith(_ZIP64_LOCATOR):
        raise damaged("分割またはZIP64")
    if start + size != end:
        raise damaged("先頭に余分なデータがあるか、目次の位置が違います")
    return end, start, declared


def _local_span(data: bytes, local: int, packed: int) -> tuple[int, int]:
    if len(data) - local < _LOCAL.size:
        raise damaged("ファイルの見出しの位置")
    fields = _LOCAL.unpack_from(data, local)
    if fields[0] != b"PK\x03\x04":
        raise damaged("ファイルの見出し")
    return local, local + _LOCAL.size + fields[9] + fields[10] + packed
