"""Figures for Prometheus, with bounded labels: routes by their templates, methods and statuses by class, never ids or tenants.

May not enter: HTTP, and figures that need more than one short read."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from billfold.domain.delivery import Backlog, Channel
from billfold.domain.schedules import JobFigures
from billfold.flows.housekeeping import HOUSEKEEPING_JOB
from billfold.ports import Services

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4
COUNT_AGAIN_MS = 5_000
"""Figures of delivery are counted at most this often: on a large table a count takes a while."""
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"})
_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metrics:
    """One registry a process. `seen` is on the hot path: one dictionary look-up, one increment, one observation."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        labels = ("route", "method", "status_class")
        self._requests = Counter("http_requests_total", "Requests answered.", labels, registry=self.registry)
        self._seconds = Histogram("http_request_seconds", "Time to answer.", ("route",), buckets=_BUCKETS, registry=self.registry)
        self._under_way = 0
        Gauge("http_inflight", "Requests under way.", registry=self.registry).set_function(lambda: self._under_way)
        self._pending = Gauge("push_pending", "Phones and objects not yet current.", ("channel",), registry=self.registry)
        self._parked = Gauge("push_parked", "Rows kept with an error until the next change.", ("channel",), registry=self.registry)
        self._oldest = Gauge("push_oldest_seconds", "How long the oldest has been due.", ("channel",), registry=self.registry)
        self._registrations = Gauge("registrations", "Registrations and objects.", ("channel",), registry=self.registry)
        self._failures = Counter("auth_failures_total", "Sign-ins that failed.", ("kind", "reason"), registry=self.registry)
        self._jobs = Gauge("jobs", "Jobs, by kind and state.", ("kind", "state"), registry=self.registry)
        self._overdue = Gauge("jobs_overdue_seconds", "How long the oldest has been due.", ("kind",), registry=self.registry)
        self._removed = Gauge(
            "housekeeping_removed_rows", "Rows removed because they were kept long enough.", registry=self.registry
        )
        self._drifts = Gauge(
            "billfold_ledger_drift_accounts", "Accounts that do not add up, frozen for writes.", registry=self.registry
        )
        self._counted_ms, self._backlogs = -COUNT_AGAIN_MS, dict[Channel, Backlog]()
        self._children: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}

    def begun(self) -> None:
        self._under_way += 1

    def seen(self, route: str, method: str, status: int, seconds: float) -> None:
        """A request was answered."""
        self._under_way -= 1
        key = (route, method, status // 100)
        children = self._children.get(key)
        if children is None:
            known = method if method in _METHODS else "other"
            children = (self._requests.labels(route, known, f"{status // 100}xx"), self._seconds.labels(route))
            if method in _METHODS:
                self._children[key] = children
        children[0].inc()
        children[1].observe(seconds)

    def sign_in_failed(self, kind: str, reason: str) -> None:
        """`kind`: the surface, `reason`: as in Unauthenticated, or "throttled"."""
        self._failures.labels(kind, reason).inc()

    async def page(self, services: Services) -> bytes:
        """What a scrape gets, with the figures of delivery as they are now."""
        now = await services.store.now_ms()
        if now >= self._counted_ms + COUNT_AGAIN_MS:
            self._counted_ms = now
            self._backlogs, jobs, drifts = await services.store.read(
                lambda tx: (tx.deliveries.backlog(), tx.jobs.figures(), tx.audit.count_frozen())
            )
            self._drifts.set(drifts)
            self._tell_jobs(jobs, now)
        for channel, backlog in self._backlogs.items():
            self._pending.labels(channel.value).set(backlog.pending)
            self._parked.labels(channel.value).set(backlog.parked)
            oldest = backlog.oldest_due_ms
            self._oldest.labels(channel.value).set(max(0.0, (now - oldest) / 1000) if oldest is not None else 0.0)
            self._registrations.labels(channel.value).set(backlog.holders)
        return generate_latest(self.registry)

    def _tell_jobs(self, jobs: list[JobFigures], now_ms: int) -> None:
        self._jobs.clear()
        overdue: dict[str, float] = {}
        for one in jobs:
            self._jobs.labels(one.kind, one.state).set(one.count)
            late = (now_ms - one.due_at_ms) / 1000 if one.state in ("waiting", "running") else 0.0
            overdue[one.kind] = max(overdue.get(one.kind, 0.0), late)
        for kind, seconds in overdue.items():
            self._overdue.labels(kind).set(seconds)
        self._removed.set(sum(one.done for one in jobs if one.kind == HOUSEKEEPING_JOB))
