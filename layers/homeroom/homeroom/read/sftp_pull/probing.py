"""The connection test: address, host key, sign-in, folder, newest set. The first step that fails ends it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from homeroom.errors import SourceUnusable
from homeroom.model.integration import Integration
from homeroom.model.setup import Finding, Probe
from homeroom.model.source import SftpPull
from homeroom.read.archive import Limits
from homeroom.read.http import Patience
from homeroom.read.sftp_pull.connection import Server
from homeroom.read.sftp_pull.keys import sign_in
from homeroom.read.sftp_pull.listing import Folder, newest, not_whole, within_limits
from homeroom.read.sftp_pull.orgs import Orgs, orgs_of

Step = Callable[[], str]
"""Does one step and says in words what it found. Raises SourceUnusable."""


def probe(
    integration: Integration, credentials: Mapping[str, str], *, now: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> Probe:
    """Test the source of an integration. It reads names of files and orgs.csv, no people; it writes nothing."""
    source = integration.source
    if not isinstance(source, SftpPull):
        raise TypeError("the integration's files are not pulled")
    findings: list[Finding] = []
    orgs = Orgs()
    step = "host key"  # before the first step, only the pinned key and the credentials are read
    try:
        with Server(source, sign_in(integration, credentials), Patience(seconds=0)) as server:
            folder = Folder(server, source.folder, now, integration.quiet_seconds)
            steps = _Steps(server, source, folder)
            for step, done in steps.table():
                findings.append(Finding(step=step, ok=True, text=done()))
            orgs = steps.orgs
    except SourceUnusable as failed:
        step = "sign-in" if failed.issue_code == "SRC-10" else step
        findings.append(Finding(step=step, ok=False, text=failed.text, code=failed.issue_code,
                                owner=failed.issue_owner, remedy=failed.issue_remedy))
    return Probe(findings=tuple(findings), districts=orgs.districts, schools=orgs.schools)


class _Steps:
    """The steps in their order, each in a sentence."""

    def __init__(self, server: Server, source: SftpPull, folder: Folder):
        self._server, self._source, self._folder = server, source, folder
        self.orgs = Orgs()

    def table(self) -> tuple[tuple[str, Step], ...]:
        return (
            ("address", self._address), ("host key", self._host_key), ("sign-in", self._sign_in),
            ("folder", self._look), ("newest set", self._newest_set),
        )

    def _address(self) -> str:
        self._server.reach()
        return f"{self._source.host} answers at port {self._source.port}"

    def _host_key(self) -> str:
        self._server.verify()
        return "the server shows the pinned key"

    def _sign_in(self) -> str:
        self._server.enter()
        self._server.open()
        return "signed in, and SFTP is offered"

    def _look(self) -> str:
        count = len(self._folder.listing())
        return f"the folder can be read; it has {count} file{'' if count == 1 else 's'}"

    def _newest_set(self) -> str:
        found = newest(self._folder.listing())
        state = self._folder.judge(found)
        if state is not None and state.missing:
            raise not_whole(state)
        within_limits(found, Limits())
        self.orgs = orgs_of(self._folder, found)
        size = _size(sum(remote.size for remote in found))
        changed = datetime.fromtimestamp(max(remote.mtime for remote in found), UTC)
        kind = "a zip" if found[0].is_zip else f"{len(found)} files"
        rests = "" if state is None else "; it is still changing, a run waits until it rests"
        return f"the newest set is {kind} of {size}, last changed {changed:%Y-%m-%d %H:%M} UTC{rests}"


def _size(count: int) -> str:
    return f"{count / (1 << 20):,.1f} MiB" if count >= 1 << 20 else f"{-(-count >> 10):,} KiB"
