"""Builds zip archives byte by byte, so that they can lie: about sizes, names, kinds, places and checksums."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

SYMLINK = 0o120777 << 16
ENCRYPTED = 0x1
BZIP2 = 12
MEBI = 1 << 20


@dataclass(frozen=True)
class Member:
    """One member: `packed` is raw deflate unless `method` says otherwise; None packs `content`.

    `size` and `checksum` are what the archive declares; None declares the truth. `shares` points to the bytes of the
    member before instead of its own.
    """

    name: str
    content: bytes = b""
    packed: bytes | None = None
    size: int | None = None
    checksum: int | None = None
    method: int = 8
    flags: int = 0
    attributes: int = 0
    shares: bool = False

    @property
    def body(self) -> bytes:
        """The packed bytes."""
        return deflated(self.content) if self.packed is None else self.packed

    def fields(self) -> bytes:
        """What local header and directory have in common."""
        size = len(self.content) if self.size is None else self.size
        checksum = zlib.crc32(self.content) if self.checksum is None else self.checksum
        name = self.name.encode()
        sizes = (len(self.body), min(size, 0xFFFFFFFF))
        return struct.pack("<HHHHHIIIHH", 20, self.flags, self.method, 0, 0x5D21, checksum, *sizes, len(name),
                           len(self.extra))

    @property
    def extra(self) -> bytes:
        """Sizes beyond 4 GiB stand in an extra field."""
        return struct.pack("<HHQ", 1, 8, self.size) if self.size and self.size >= 0xFFFFFFFF else b""


def raw_zip(members: Sequence[Member]) -> bytes:
    """The archive as bytes."""
    out, directory, start = b"", b"", 0
    for member in members:
        name = member.name.encode()
        if not member.shares:
            start = len(out)
            out += b"PK\3\4" + member.fields() + name + member.extra + member.body
        entry = b"PK\1\2" + struct.pack("<H", 20) + member.fields()
        directory += entry + struct.pack("<HHHII", 0, 0, 0, member.attributes, start) + name + member.extra
    end = struct.pack("<HHHHIIH", 0, 0, len(members), len(members), len(directory), len(out), 0)
    return out + directory + b"PK\5\6" + end


def deflated(content: bytes) -> bytes:
    """Raw deflate."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(content) + packer.flush()


def deflated_blanks(mebibytes: int) -> bytes:
    """Raw deflate of that many MiB of spaces, about 1 KiB for each."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    first = packer.compress(b" " * MEBI) + packer.flush(zlib.Z_FULL_FLUSH)
    again = packer.compress(b" " * MEBI) + packer.flush(zlib.Z_FULL_FLUSH)
    return first + again * (mebibytes - 1) + packer.flush()
