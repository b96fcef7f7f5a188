"""Kind of job → the step that does one chunk of it, nothing else.

A step runs in one transaction, moves the job's cursor together with the rows that it changes, and gives back the job as it then
stands. May not enter: waiting, HTTP, what a kind of job means to people (flows)."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from billfold.domain.ids import TemplateId
from billfold.flows.templates import PUBLISH_JOB
from billfold.ports import Job, Tx

Step = Callable[[Tx, Job, int], Job]
"""(transaction, job, now in ms) → the job after one chunk; state "done" when nothing is left."""

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
