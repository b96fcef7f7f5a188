"""What the storage refuses at its start, each with its mend, for one clear line. May not enter: what happens in a transaction."""

from billfold.domain.errors import Unavailable


class StoreRefused(Unavailable):
    """The database cannot be used as it is."""

    def __init__(self, problem: str, mend: str) -> None:
        super().__init__(f"{problem}; {mend}")
        self.mend = mend
