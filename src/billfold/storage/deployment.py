"""What the server has written down for its workers to agree with. May not enter: what is compared (flows/deployment.py)."""

from collections.abc import Mapping

from sqlalchemy import select

from billfold.storage.schema import deployment
from billfold.storage.statements import Session, Statement, upsert

ALL = Statement(select(deployment.c.name, deployment.c.value))
PUT = upsert(deployment, ("name",), lambda new: {"value": new.value})


class DeploymentRows:
    def __init__(self, session: Session) -> None:
        self._db = session

    def facts(self) -> dict[str, str]:
        return {str(name): str(value) for name, value in self._db.run(ALL)}

    def put(self, facts: Mapping[str, str]) -> None:
        for name in sorted(facts):
            self._db.run(PUT, name=name, value=facts[name])
