"""Members of a zip: judged by the archive's directory before anything is unpacked, then streamed under watch."""

from __future__ import annotations

import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from typing import BinaryIO, Protocol

from homeroom.read.unusable import SetUnusable, unusable

_CHUNK = 1 << 20
_PACKED = 1 << 17
_LOCAL_HEADER = struct.Struct("<4s22xHH")
_ENCRYPTED = 0x1
_DRIVE = re.compile(r"^[A-Za-z]:")


class _Limits(Protocol):
    """What `archive.Limits` offers."""

    @property
    def archive_bytes(self) -> int: ...
    @property
    def members(self) -> int: ...
    @property
    def member_bytes(self) -> int: ...
    @property
    def total_bytes(self) -> int: ...
    @property
    def ratio(self) -> int: ...
    @property
    def ratio_from(self) -> int: ...


def judge(file: BinaryIO, limits: _Limits) -> dict[str, zipfile.ZipInfo]:
    """Name → member of a zip that is safe to unpack. Raises SourceUnusable (SRC-07, FIL-06, FIL-15)."""
    size = file.seek(0, 2)
    if size > limits.archive_bytes:
        raise unusable("FIL-06", f"The archive is larger than {limits.archive_bytes >> 20} MiB")
    members = _directory(file, size)
    if len(members) > limits.members:
        raise unusable("FIL-06", f"The archive has {len(members)} members; {limits.members} are allowed")
    for number, member in enumerate(members, 1):
        if reason := _unsafe(member):
            raise unusable("FIL-06", f"Member {number} of the archive {reason}")
    _judge_sizes(members, limits)
    _judge_places(members)
    by_name = {member.filename: member for member in members}
    if len(by_name) < len(members):
        raise unusable("FIL-06", "The archive has two members of the same name")
    return {name: member for name, member in by_name.items() if not member.is_dir()}


def _directory(file: BinaryIO, size: int) -> list[zipfile.ZipInfo]:
    """The members that the archive declares. Tells a cut-off upload from a file that never was a zip."""
    file.seek(0)
    start = file.read(4)
    try:
        with zipfile.ZipFile(file) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, struct.error, ValueError, OSError) as error:
        raise _not_a_zip(start, size) from error
    if not members:
        raise unusable("FIL-15", "The zip archive is empty")
    return members


def _not_a_zip(start: bytes, size: int) -> SetUnusable:
    if size == 0:
        return unusable("SRC-07", "The file is empty: the upload did not finish")
    if start == b"PK\x03\x04":
        return unusable("SRC-07", "The zip archive is cut off: its end is missing, the upload did not finish")
    return unusable("FIL-15", "The file is not a zip archive")


def _unsafe(member: zipfile.ZipInfo) -> str | None:
    """Why a member's name or kind is not acceptable; None if it is."""
    name = member.orig_filename
    kind = stat.S_IFMT(member.external_attr >> 16)
    checks = {
        "has a backslash in its name": "\\" in name,
        "has an absolute name": name.startswith("/") or bool(_DRIVE.match(name)),
        "climbs out of its folder": ".." in name.split("/"),
        "has a control character in its name": any(ord(letter) < 32 for letter in name),
        "is a link or a device": kind not in (0, stat.S_IFREG, stat.S_IFDIR),
    }
    return next((reason for reason, unsafe in checks.items() if unsafe), None)


def _judge_sizes(members: list[zipfile.ZipInfo], limits: _Limits) -> None:
    total = sum(member.file_size for member in members)
    largest = max(member.file_size for member in members)
    if total > limits.total_bytes or largest > limits.member_bytes:
        allowed = f"{limits.total_bytes >> 20} MiB in all and {limits.member_bytes >> 20} MiB a file"
        raise unusable("FIL-06", f"Unpacked, the archive would have {total >> 20} MiB; {allowed} are allowed")
    for number, member in enumerate(members, 1):
        if member.file_size > limits.ratio_from and member.file_size > limits.ratio * max(member.compress_size, 1):
            text = f"Member {number} of the archive would unpack to over {limits.ratio} times its size"
            raise unusable("FIL-06", text)


def _judge_places(members: list[zipfile.ZipInfo]) -> None:
    """Members that share their bytes are made by no honest packer."""
    end = 0
    for member in sorted(members, key=lambda m: m.header_offset):
        if member.header_offset < end:
            raise unusable("FIL-06", "Members of the archive overlap")
        end = member.header_offset + _LOCAL_HEADER.size + member.compress_size


def refuse_sealed(member: zipfile.ZipInfo) -> None:
    """Raise SourceUnusable (FIL-15) for a member that needs a password or another method than deflate."""
    name = _base(member)
    if member.flag_bits & _ENCRYPTED:
        raise unusable("FIL-15", f"{name} is protected by a password; export without one", file=name)
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise unusable("FIL-15", f"{name} is packed by another method than deflate", file=name)


def _base(member: zipfile.ZipInfo) -> str:
    return member.filename.rpartition("/")[2]


def inflated(file: BinaryIO, member: zipfile.ZipInfo) -> Iterator[bytes]:
    """Content of a member in pieces of at most 1 MiB; whoever takes them compares the checksum (`verify`).

    Raises SourceUnusable: FIL-06 as soon as it passes its declared size; FIL-15 if it is damaged.
    """
    size = 0
    try:
        for chunk in _unpacked(file, member):
            size += len(chunk)
            if size > member.file_size:
                raise unusable("FIL-06", f"{_base(member)} unpacks to more than its declared size", file=_base(member))
            yield chunk
    except (zlib.error, EOFError) as error:
        raise _damaged(member) from error


def verify(member: zipfile.ZipInfo, size: int, checksum: int) -> None:
    """Raise SourceUnusable (FIL-15) unless size and CRC-32 of the content are what the archive says."""
    if size != member.file_size or checksum != member.CRC:
        raise _damaged(member)


def _damaged(member: zipfile.ZipInfo) -> SetUnusable:
    return unusable("FIL-15", f"{_base(member)} is damaged inside the zip archive", file=_base(member))


def _unpacked(file: BinaryIO, member: zipfile.ZipInfo) -> Iterator[bytes]:
    """Stored or deflated bytes as they come out, unverified."""
    packed = _packed(file, member)
    if member.compress_type == zipfile.ZIP_STORED:
        yield from packed
        return
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    while not inflater.eof:
        rest = inflater.unconsumed_tail or next(packed, b"")
        chunk = inflater.decompress(rest, _CHUNK)
        if not rest and not chunk:
            raise EOFError
        yield chunk


def _packed(file: BinaryIO, member: zipfile.ZipInfo) -> Iterator[bytes]:
    file.seek(member.header_offset)
    signature, name, extra = _LOCAL_HEADER.unpack(file.read(_LOCAL_HEADER.size).ljust(_LOCAL_HEADER.size, b"\0"))
    if signature != b"PK\x03\x04":
        raise EOFError
    at, left = member.header_offset + _LOCAL_HEADER.size + name + extra, member.compress_size
    while left > 0:
        file.seek(at)
        piece = file.read(min(_PACKED, left))
        if not piece:
            raise EOFError
        at, left = at + len(piece), left - len(piece)
        yield piece
