"""The repositories of one transaction, each made when it is first used. May not enter: BEGIN, COMMIT, engines."""

from collections.abc import Callable
from typing import Generic, TypeVar, overload

from billfold import loyalty_ports, ports
from billfold.ahead_ports import Ahead
from billfold.ledger_ports import Ledger, LedgerAudit, LedgerSums, Lots, Reservations
from billfold.mail_ports import Mails
from billfold.people_ports import Overview, People
from billfold.record_ports import Records
from billfold.scan_ports import Scans
from billfold.storage.ahead import AheadRows
from billfold.storage.credentials import CredentialRows
from billfold.storage.delivery import DeliveryRows
from billfold.storage.deployment import DeploymentRows
from billfold.storage.events import DeviceLogRows, EventRows
from billfold.storage.google import GoogleRows
from billfold.storage.idempotency import IdempotencyRows
from billfold.storage.images import ImageRows
from billfold.storage.jobs import JobRows
from billfold.storage.keys import KeyRows
from billfold.storage.leases import LeaseRows
from billfold.storage.ledger import LedgerRows
from billfold.storage.ledger_audit import AuditRows
from billfold.storage.ledger_lots import LotRows, ReservationRows
from billfold.storage.ledger_sums import SumRows
from billfold.storage.loyalty import BrandRows, ProductRows, ProgrammeRows, TerminalRows
from billfold.storage.loyalty_cards import CardRows
from billfold.storage.loyalty_members import MemberRows
from billfold.storage.mail import MailRows
from billfold.storage.overview import OverviewRows
from billfold.storage.passes import PassRows
from billfold.storage.people import PeopleRows
from billfold.storage.pruning import PruningRows
from billfold.storage.records import RecordRows
from billfold.storage.registrations import RegistrationRows
from billfold.storage.scans import ScanRows
from billfold.storage.statements import Session
from billfold.storage.templates import TemplateRows
from billfold.storage.workspaces import CounterRows, UsageRows, WorkspaceRows

T = TypeVar("T")


class Room(Generic[T]):
    """An attribute that is made at its first use and then simply there."""

    def __init__(self, make: Callable[[Session, int], T]) -> None:
        self._make = make

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, transaction: None, owner: type) -> "Room[T]": ...
    @overload
    def __get__(self, transaction: "Transaction", owner: type) -> T: ...
    def __get__(self, transaction: "Transaction | None", owner: type) -> "Room[T] | T":
        if transaction is None:
            return self
        made = self._make(transaction.session, transaction.gap_ms)
        transaction.__dict__[self._name] = made
        return made


class Transaction:
    """What `fn(tx)` is given: ports.Tx over a session."""

    ahead: Room[Ahead] = Room(lambda session, gap_ms: AheadRows(session))
    workspaces: Room[ports.Workspaces] = Room(lambda session, gap_ms: WorkspaceRows(session))
    numbers: Room[ports.Numbers] = Room(lambda session, gap_ms: CounterRows(session))
    keys: Room[ports.Keys] = Room(lambda session, gap_ms: KeyRows(session))
    templates: Room[ports.Templates] = Room(lambda session, gap_ms: TemplateRows(session))
    passes: Room[ports.Passes] = Room(lambda session, gap_ms: PassRows(session))
    registrations: Room[ports.Registrations] = Room(lambda session, gap_ms: RegistrationRows(session))
    deliveries: Room[ports.Deliveries] = Room(
        lambda session, gap_ms: DeliveryRows(session, RegistrationRows(session).forget_address, gap_ms)
    )
    google: Room[ports.GoogleStates] = Room(lambda session, gap_ms: GoogleRows(session))
    events: Room[ports.Events] = Room(lambda session, gap_ms: EventRows(session))
    usage: Room[ports.Usage] = Room(lambda session, gap_ms: UsageRows(session))
    idempotency: Room[ports.Idempotency] = Room(lambda session, gap_ms: IdempotencyRows(session))
    images: Room[ports.Images] = Room(lambda session, gap_ms: ImageRows(session))
    credentials: Room[ports.Credentials] = Room(lambda session, gap_ms: CredentialRows(session))
    device_log: Room[ports.DeviceLog] = Room(lambda session, gap_ms: DeviceLogRows(session))
    jobs: Room[ports.Jobs] = Room(lambda session, gap_ms: JobRows(session))
    ledger: Room[Ledger] = Room(lambda session, gap_ms: LedgerRows(session))
    audit: Room[LedgerAudit] = Room(lambda session, gap_ms: AuditRows(session))
    sums: Room[LedgerSums] = Room(lambda session, gap_ms: SumRows(session))
    lots: Room[Lots] = Room(lambda session, gap_ms: LotRows(session))
    reservations: Room[Reservations] = Room(lambda session, gap_ms: ReservationRows(session))
    people: Room[People] = Room(lambda session, gap_ms: PeopleRows(session))
    records: Room[Records] = Room(lambda session, gap_ms: RecordRows(session))
    overview: Room[Overview] = Room(lambda session, gap_ms: OverviewRows(session))
    mails: Room[Mails] = Room(lambda session, gap_ms: MailRows(session))
    brands: Room[loyalty_ports.Brands] = Room(lambda session, gap_ms: BrandRows(session))
    members: Room[loyalty_ports.Members] = Room(lambda session, gap_ms: MemberRows(session))
    products: Room[loyalty_ports.Products] = Room(lambda session, gap_ms: ProductRows(session))
    programmes: Room[loyalty_ports.Programmes] = Room(lambda session, gap_ms: ProgrammeRows(session))
    cards: Room[loyalty_ports.Cards] = Room(lambda session, gap_ms: CardRows(session))
    terminals: Room[loyalty_ports.Terminals] = Room(lambda session, gap_ms: TerminalRows(session))
    scans: Room[Scans] = Room(lambda session, gap_ms: ScanRows(session))
    leases: Room[ports.Leases] = Room(lambda session, gap_ms: LeaseRows(session))
    deployment: Room[ports.Deployment] = Room(lambda session, gap_ms: DeploymentRows(session))
    pruning: Room[ports.Pruning] = Room(lambda session, gap_ms: PruningRows(session))

    def __init__(self, session: Session, gap_ms: int) -> None:
        self.session = session
        self.gap_ms = gap_ms
