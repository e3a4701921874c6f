"""Opening a sealed archive in memory: WinZip AES-256 only, what is inflated is counted, nothing is extracted.

Pure over bytes.  Facts about the library this guards against: names and sizes are not encrypted, ``../`` is
renamed silently, overlapping entries are accepted, declared sizes may lie.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterable

import pyzipper

from kansho.errors import KanshoError

#: Caps by what is really inflated: one file, the whole archive, and the ratio a text table can reach.
MAX_FILE_BYTES = 1024**3
MAX_TOTAL_BYTES = 2 * 1024**3
MAX_RATIO = 200
_RATIO_FLOOR = 4 * 1024**2
_CHUNK = 1024**2
_AES256 = 3


def open_sealed(data: bytes, password: str, names: Iterable[str]) -> dict[str, bytes]:
    """Contents by name, exactly the announced ones.

    Raises:
        KanshoError: ``INTAKE-ARCHIVE`` (not a zip, damaged), ``INTAKE-NAMES`` (another set of names),
            ``INTAKE-CIPHER`` (not AES-256), ``INTAKE-PASSWORD``, ``INTAKE-BOMB``.
    """
    wanted = set(names)
    try:
        with pyzipper.AESZipFile(io.BytesIO(data)) as archive:
            infos = archive.infolist()
            present = [i.filename for i in infos]
            if len(present) != len(set(present)) or set(present) != wanted:
                raise KanshoError(
                    "INTAKE-NAMES",
                    "送付書にないファイル、または不足するファイルがあります",
                    remedy="送付書どおりの再提供を依頼してください",
                )
            for info in infos:
                if not info.flag_bits & 1 or getattr(info, "wz_aes_strength", None) != _AES256:
                    raise KanshoError(
                        "INTAKE-CIPHER",
                        "AES-256 で暗号化されていません",
                        remedy="AES-256 のZIPで再提供を依頼してください",
                    )
            archive.setpassword(password.encode())
            contents: dict[str, bytes] = {}
            total = 0
            for info in infos:
                contents[info.filename] = _inflate(archive, info, len(data), total)
                total += len(contents[info.filename])
            return contents
    except KanshoError:
        raise
    except RuntimeError:
        raise KanshoError(
            "INTAKE-PASSWORD", "パスワードが違います", remedy="区に確認し、もう一度入力してください"
        ) from None
    except (
        zipfile.BadZipFile,
        pyzipper.BadZipFile,
        zlib.error,
        EOFError,
        OSError,
        ValueError,
        NotImplementedError,
        KeyError,
    ):
        raise KanshoError("INTAKE-ARCHIVE", "封緘ファイルが壊れています", remedy="再提供を依頼してください") from None
    except Exception as error:  # a parser of hostile bytes may raise anything; its text could quote them
        raise KanshoError(
            "INTAKE-ARCHIVE", f"封緘ファイルを読めません ({type(error).__name__})", remedy="再提供を依頼してください"
        ) from None


def _inflate(archive: pyzipper.AESZipFile, info: zipfile.ZipInfo, packed: int, before: int) -> bytes:
    buffer = io.BytesIO()
    with archive.open(info) as stream:
        while chunk := stream.read(_CHUNK):
            buffer.write(chunk)
            size = buffer.tell()
            bomb = size > _RATIO_FLOOR and size > MAX_RATIO * packed
            if size > MAX_FILE_BYTES or before + size > MAX_TOTAL_BYTES or bomb:
                raise KanshoError(
                    "INTAKE-BOMB", "展開すると大きすぎます", remedy="内容を確認し、再提供を依頼してください"
                )
    return buffer.getvalue()
