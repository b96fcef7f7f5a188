"""Long work as rows with a cursor. May not enter: what a kind of job does (workers/jobs.py)."""

import msgspec
from sqlalchemy import func, insert, select, update

from billfold.domain.ids import Environment, Scope
from billfold.domain.schedules import JobFigures
from billfold.ports import Job
from billfold.storage.schema import job
from billfold.storage.statements import Row, Session, Statement, literal, number, own, string, upsert

_COLUMNS = (
    *(job.c.workspace, job.c.environment, job.c.id, job.c.kind, job.c.params, job.c.state, job.c.cursor),
    *(job.c.done, job.c.failed, job.c.total, job.c.due_at_ms, job.c.error),
)
START = Statement(insert(job).inline())
DUE = Statement(
    select(*_COLUMNS)
    .where(job.c.state.in_([literal("waiting"), literal("running")]), job.c.due_at_ms <= number("now"))
    .order_by(job.c.due_at_ms, job.c.id)
    .limit(number("limit"))
)
_KEY = ("workspace", "environment", "id")
ENSURE = upsert(job, _KEY, lambda new: {})
FIGURES = Statement(
    select(job.c.kind, job.c.state, func.count(), func.sum(job.c.done), func.min(job.c.due_at_ms)).group_by(job.c.kind, job.c.state)
)
SAVE = Statement(
    update(job).where(own(job), job.c.id == string("id")),
    columns=("params", "state", "cursor", "done", "failed", "total", "due_at_ms", "error"),
)
FIND = Statement(select(*_COLUMNS).where(own(job), job.c.id == string("id")))
FIND_LOCKED = Statement(select(*_COLUMNS).where(own(job), job.c.id == string("id")).with_for_update())

_encode = msgspec.json.Encoder(order="deterministic").encode
_decode = msgspec.json.Decoder(dict[str, str | int]).decode


class JobRows:
    def __init__(self, session: Session) -> None:
        self._db = session

    def start(self, job: Job) -> None:
        self._db.run(START, job.scope, id=job.id, kind=job.kind, **_changing(job))

    def ensure(self, job: Job) -> None:
        self._db.run(ENSURE, job.scope, id=job.id, kind=job.kind, **_changing(job))

    def figures(self) -> list[JobFigures]:
        rows = self._db.run(FIGURES)
        return [JobFigures(kind, state, int(count), int(done), int(due)) for kind, state, count, done, due in rows]

    def due(self, now_ms: int, limit: int) -> list[Job]:
        return [_job(row) for row in self._db.run(DUE, now=now_ms, limit=limit)]

    def save(self, job: Job) -> None:
        self._db.run(SAVE, job.scope, id=job.id, **_changing(job))

    def find(self, scope: Scope, job_id: str) -> Job | None:
        row = self._db.one(FIND, scope, id=job_id)
        return _job(row) if row else None

    def find_locked(self, scope: Scope, job_id: str) -> Job | None:
        row = self._db.one(FIND_LOCKED, scope, id=job_id)
        return _job(row) if row else None


def _changing(job: Job) -> dict[str, str | int | None]:
    return {
        "params": _encode(job.params).decode(),
        "state": job.state,
        "cursor": job.cursor,
        "done": job.done,
        "failed": job.failed,
        "total": job.total,
        "due_at_ms": job.due_at_ms,
        "error": job.error,
    }


def _job(row: Row) -> Job:
    workspace, environment, job_id, kind, params, *rest = row
    return Job(job_id, Scope(workspace, Environment(environment)), kind, _decode(params), *rest)
