"""Kind of job → the step that does one chunk of it, nothing else.

A step runs in one transaction, moves the job's cursor together with the rows that it changes, and gives back the job as it then
stands. Work that asks somebody else first is a visit: questions outside of any transaction, then the step that they led to.
May not enter: waiting, HTTP, what a kind of job means to people (flows)."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace

from billfold.domain.ids import TemplateId
from billfold.domain.schedules import Retention
from billfold.flows.housekeeping import HOUSEKEEPING_JOB, prune
from billfold.flows.templates import PUBLISH_JOB
from billfold.ports import Job, Tx

Step = Callable[[Tx, Job, int], Job]
"""(transaction, job, now in ms) → the job after one chunk; state "done" when nothing is left."""

Visit = Callable[[Job], Awaitable[Step]]
"""Questions to another server; the step writes down what they gave."""

CHUNK = 10_000


def publish_template(tx: Tx, job: Job, now_ms: int) -> Job:
    """Everybody who holds a pass of the template wants the change number."""
    template_id, number = TemplateId(str(job.params["template_id"])), int(job.params["number"])
    cursor, wanted = tx.deliveries.want_template(job.scope, template_id, number, now_ms, job.cursor, CHUNK)
    done = job.done + wanted
    if cursor is None:
        return replace(job, state="done", done=done)
    return replace(job, state="running", cursor=cursor, done=done)


STEPS: Mapping[str, Step] = {PUBLISH_JOB: publish_template}


def steps(retention: Retention, others: Mapping[str, Step] | None = None) -> Mapping[str, Step]:
    """Every kind of job that asks nobody else. `others`: those that need more than the database, like keys (bootstrap.py)."""
    return {**STEPS, **(others or {}), HOUSEKEEPING_JOB: lambda tx, job, now_ms: prune(tx, job, now_ms, retention)}
