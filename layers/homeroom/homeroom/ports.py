"""What the flow needs of the outside world, as small protocols.

`homeroom.aws` implements them on DynamoDB, S3, Step Functions and SNS; the tests have the same in memory, and one
contract suite runs against both.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from homeroom.model.byhand import HandRecord
from homeroom.model.integration import Integration
from homeroom.model.past_events import Question
from homeroom.model.run import Control, Delivery, LandedFile, Lease, Note, Request, RunRecord
from homeroom.model.sign_in import Attempt, Link, Portal, Registration, Tenant

if TYPE_CHECKING:
    from homeroom.sso.ports import Web

Key = tuple[str, str]
"""Owner and member: the two key parts of an item of the roster table."""
Item = dict[str, Any]


class Clock(Protocol):
    """The time, in UTC."""

    def now(self) -> datetime: ...


class Objects(Protocol):
    """The roster bucket: immutable objects of runs and states."""

    def put(self, key: str, body: bytes) -> None:
        """Store an object; storing the same key again with the same bytes is allowed (a retried step)."""

    def get(self, key: str) -> bytes:
        """The object's bytes. Raises NotFound when there is none."""

    def put_file(self, key: str, path: Path) -> None:
        """Store a file's content."""

    def get_file(self, key: str, path: Path) -> None:
        """Write an object's content to a file. Raises NotFound when there is none."""

    def list(self, prefix: str) -> list[str]:
        """Keys below a prefix, in order."""

    def tag_superseded(self, prefix: str) -> None:
        """Tag all objects below a prefix for expiry by the bucket's lifecycle rules."""


class Landing(Protocol):
    """The landing bucket: what districts upload."""

    def fetch(self, file: LandedFile, folder: Path) -> Path:
        """Write exactly that version into the folder, under its base name. Raises SourceUnusable when it is gone."""

    def listing(self, integration: str) -> list[Landed]:
        """Newest version of each object below `landing/<integration>/`."""

    def newest(self, key: str) -> LandedFile | None:
        """The newest version of one object, None where there is none: what is no part of a set."""

    def put_file(self, key: str, path: Path) -> LandedFile:
        """Store a file that a run fetched itself (`places.pulled`); returns it pinned to its version."""


@dataclass(frozen=True)
class Landed:
    """One object in the landing folder of an integration."""

    file: LandedFile
    modified: datetime


class Integrations(Protocol):
    """Set-up of the integrations."""

    def get(self, integration: str) -> Integration:
        """Raises NotFound."""

    def put(self, integration: Integration) -> None: ...

    def list(self) -> list[Integration]: ...


class Runs(Protocol):
    """Order of runs: lease, fence, pointer, ledger, deliveries. Every change is one conditional write."""

    def control(self, integration: str) -> Control:
        """The control record, read consistently; a fresh one when there is none."""

    def open(
        self, integration: str, *, now: datetime, lease_seconds: int, take_lease: bool
    ) -> tuple[int, Lease | None]:
        """Allot the next run number and, if asked and free (or lapsed), take the lease under a higher fence.

        Both happen in one conditional write. Returns the number and the lease, or None for the lease when another run
        holds it (a number is allotted all the same, so that the refusal stands in the ledger).
        """

    def holds(self, lease: Lease) -> bool:
        """Whether the lease is still ours, read consistently. Writers ask before every batch."""

    def extend(self, lease: Lease, until: int) -> None:
        """Move `lease_until` (epoch seconds), never backwards. Raises LeaseLost."""

    def release(self, lease: Lease) -> None:
        """Free the lease if it is still ours; nothing otherwise."""

    def mark_dirty(self, lease: Lease, run: int) -> None:
        """Note, before the first write, that the keys of this run's plan are dirty. Raises LeaseLost."""

    def commit(self, lease: Lease, *, applied_run: int, content: str, signature: str, at: datetime,
               records: Sequence[RunRecord] = (), waits: bool = False) -> None:
        """Move the pointer, clear all dirty runs and the held run, free the lease: one write. Raises LeaseLost.

        `records` are ledger entries that become true with it (this run applied, a hold lapsed): the same transaction.
        `waits`: a part of the plan was left out for a person; then the applied run becomes the held one.
        """

    def mark_undone(self, integration: str, run: int) -> None:
        """Note that this run took another one back."""

    def clear_undone(self, integration: str, runs: Iterable[int]) -> None:
        """Forget these undoes: a person approved what came after, or the source no longer asks for it."""

    def hold(self, lease: Lease, run: int, records: Sequence[RunRecord] = ()) -> None:
        """Note the held run and free the lease, with its ledger entries in one write. Raises LeaseLost."""

    def clear_hold(self, integration: str, run: int, *, replan: bool = False) -> None:
        """Forget the held run if it is still that one. `replan`: the same content is not `unchanged` from now on."""

    def deny(self, integration: str, content_hash: str) -> None: ...

    def allow(self, integration: str, content_hash: str) -> None:
        """Deny it no longer."""

    def set_pending(self, integration: str, delivery: Delivery) -> None:
        """Keep the newest delivery that came while a run was on."""

    def clear_pending(self, integration: str, delivery: Delivery) -> None:
        """Forget the waiting delivery if it is still that one (a newer one stays)."""

    def set_last_delivery(self, integration: str, delivery: Delivery) -> None: ...

    def set_note(self, integration: str, note: Note | None) -> None: ...

    def taken_by(self, integration: str, delivery: Delivery) -> int | None:
        """The run that took the delivery, if one did."""

    def take_delivery(self, integration: str, delivery: Delivery, run: int) -> int | None:
        """Note that a run takes a delivery. Returns None, or the run that took it before."""

    def record(self, record: RunRecord) -> None:
        """Write the ledger entry whole."""

    def run(self, integration: str, run: int) -> RunRecord:
        """Raises NotFound."""

    def history(self, integration: str, limit: int) -> list[RunRecord]:
        """Newest first."""

    def held(self) -> list[RunRecord]:
        """Held runs of all integrations, newest first."""

    def audit(self, integration: str, entry: Mapping[str, Any], at: datetime) -> None:
        """Keep who did what and why."""


@dataclass(frozen=True)
class Edit:
    """A hand edit that the next plan must take in: `item` is the edit entry's own key. `fields` are the new values
    of an `edit` (null empties one); an `archive` has none. `left` are identities (`<kind>#<value>`) that a person made
    by hand gave up: somebody of the SIS may have shared one, and is its only holder now."""

    entity: str
    id: str
    source_id: str
    action: str
    item: Key
    record: Key
    by: str
    at: str
    fields: Mapping[str, Any] | None = None
    left: tuple[str, ...] = ()


class Roster(Protocol):
    """The roster table. SIS-owned items are written whole; only `apply` calls `write`."""

    def write(self, puts: Sequence[Item], deletes: Sequence[Key]) -> None:
        """Write items whole and delete keys; no key twice. Raises RetryableError when the table stays busy."""

    def move_link(self, item: Item, previous: str | None) -> None:
        """Write an identity link under the condition that it is absent, ours already, or held by `previous`."""

    def get(self, keys: Iterable[Key]) -> list[Item]:
        """Items that exist, read consistently, in any order."""

    def edit(self, edit: Edit, reason: str) -> None:
        """Keep a hand edit: overlay beside the record and entry for the next plan, both or none."""

    def edits(self, roster: str) -> list[Edit]:
        """Hand edits that wait, read consistently, oldest first."""

    def consume(self, edits: Sequence[Edit]) -> None:
        """Remove exactly these edit entries and their overlays; later ones stay.

        The overlay goes first, and only if it is still that edit's: a crash between leaves the entry to the next plan.
        """

    def overlays(self, records: Iterable[Key]) -> list[Item]:
        """The overlays that lie over these records, read consistently."""

    def by_hand(self, roster: str) -> list[HandRecord]:
        """Records made by hand, archived ones included, read consistently, in the order of entity and id."""

    def make(self, puts: Sequence[Item], *, new: bool, links: Sequence[Item] = (), gone: Sequence[Item] = (),
             wakes: Sequence[Item] = ()) -> None:
        """Write records made by hand with their entries, and what belongs to them, all or none (at most 100 items).

        `new`: none of `puts` may exist; else each must still be made by hand. `links` are identity links, which nobody
        else may hold; `gone` are links given up. `wakes` are entries for the next plan. Raises Refused where anything
        stands otherwise.
        """

    def classes_of(self, person: Key) -> list[Item]:
        """The enrollments of a person, as the index holds them: owner, member, role, status and days. Read in a while:
        a write of this second may be missing."""


class Engine(Protocol):
    """`plan_roster`, which alone has the engine, asked for an answer instead of a run."""

    def ask(self, question: Question) -> dict[str, Any]:
        """The answer in JSON: counts, codes and words; values of records where the question asks for a record.

        Raises Refused, NotFound and RetryableError as the function raised them.
        """


class Executions(Protocol):
    """The state machine."""

    def start(self, request: Request, transport: str) -> str:
        """Start the execution `<integration>-<run>`; the same name twice is the same execution. Returns its address."""


class Notices(Protocol):
    """Messages to people: counts, codes and links, never names."""

    def publish(self, subject: str, text: str) -> None: ...


class Secrets(Protocol):
    """Credentials of sources, by name; never in a table, a log or a message."""

    def get(self, name: str) -> Mapping[str, str]:
        """Names and values (`homeroom.model.credentials`). Raises NotFound."""

    def put(self, name: str, values: Mapping[str, str]) -> None:
        """Store or replace them; the next read uses them."""

    def remove(self, name: str) -> None:
        """Forget them, recoverable for a while; nothing happens if there are none."""


@dataclass(frozen=True)
class Timer:
    """One schedule: `name` is the integration's id, `expression` EventBridge's cron in the local time of `timezone`."""

    name: str
    expression: str
    timezone: str
    enabled: bool = True


class Timers(Protocol):
    """The schedules that start runs; one an integration."""

    def put(self, timer: Timer) -> None:
        """Create it, or make it equal to this."""

    def remove(self, name: str) -> None:
        """Nothing happens if there is none."""

    def list(self) -> list[Timer]:
        """All of this stack, by name."""


class Waking(Protocol):
    """Calls that come back: the settle queue, read by `ingest_sftp_file`."""

    def wake(self, integration: str, seconds: int) -> None:
        """Look at the integration's landing folder and waiting delivery again, in at most 900 seconds."""


class SignIns(Protocol):
    """The registry of sign-in as staff keep it, and its history. Sign-in reads the same by `homeroom.sso.ports`.

    Tenants, links and attempts by key are read consistently: support compares them with what it is going to write.
    """

    def tenant(self, portal: str, tenant: str) -> Tenant | None:
        """Who has this tenant; None while nobody does."""

    def tenants_of(self, integration: str) -> list[Tenant]:
        """Every tenant that names the integration, by portal and id. May read the whole registry, which is small."""

    def put_tenant(self, tenant: Tenant) -> bool:
        """Keep it with the version after its own, if the registry holds just this version (0: nothing).

        False where somebody else wrote since. A tenant without integrations is removed.
        """

    def link(self, integration: str, portal: str, tenant: str, subject: str) -> Link | None:
        """Who the subject was at its first sign-in (`homeroom.sso.ports.Links`)."""

    def linked(self, integration: str, portal: str, tenant: str, person: str) -> Link | None:
        """The link of a person at a tenant, whatever their subject there is."""

    def unlink(self, link: Link) -> bool:
        """Remove both items of a link, all or none; False where it is not there any more as it was read."""

    def attempt(self, login_id: str) -> Attempt | None:
        """One sign-in of the history."""

    def attempts_of(self, integration: str, *, since: str, outcome: str = "", person: str = "",
                    subject_ref: str = "") -> Iterator[Attempt]:
        """Sign-ins of an integration since an ISO time, the newest first, read on only as they are taken.

        An empty integration means those that led to none, because of an unknown tenant or a page before it. What is
        given beside narrows: only attempts with exactly this outcome, person or reference. What was written this second
        may be missing.
        """

    def reference_key(self) -> bytes:
        """What makes `subject_ref` of an attempt (`homeroom.sso.values.reference`)."""

    def registrations(self) -> list[Registration]:
        """All products that let people sign in through us, by slug. What was written this second may be missing."""

    def registration(self, slug: str) -> Registration | None: ...

    def register(self, wanted: Registration, was: Registration | None) -> None:
        """Keep a product's registration, and for each of its apps and client ids whose it is: one write, all or none.

        `was` is what was read before; None for a new product. Apps that it had and `wanted` has not are given up.
        Raises Refused where the product was changed meanwhile, or an app or client id is another product's.
        """

    def portal(self, name: str) -> Portal | None:
        """The addresses of a portal that staff accepted; None while the pinned ones count."""

    def accept_portal(self, portal: Portal) -> None:
        """Let these addresses count from now on."""


@dataclass(frozen=True)
class House:
    """Who we are to others: the stage we run in, and our issuer, without a slash at its end (empty: no sign-in here).
    """

    stage: str = "local"
    base_url: str = ""


@dataclass(frozen=True)
class World:
    """Everything outside, wired once for a process."""

    clock: Clock
    objects: Objects
    landing: Landing
    integrations: Integrations
    runs: Runs
    roster: Roster
    executions: Executions
    notices: Notices
    waking: Waking
    secrets: Secrets
    timers: Timers
    engine: Engine
    sign_ins: SignIns
    web: Web
    house: House


__all__ = [
    "Clock", "Edit", "Engine", "Executions", "House", "Integrations", "Item", "Key", "Landed", "Landing", "Notices",
    "Objects", "Request", "Roster", "Runs", "Secrets", "SignIns", "Timer", "Timers", "Waking", "World",
]
