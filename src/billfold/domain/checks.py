"""The report about a file or document that claims to be a pass: its parts, and what was found in each.

May not enter: the rules (wallets/*), how a report is shown."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from billfold.domain.findings import Finding

ERROR, WARNING = "error", "warning"


@dataclass(frozen=True, slots=True)
class Part:
    """One thing that was judged: a pass in a bundle, or the view of one wallet. `name` tells them apart; empty where there is one.

    `facts`: what it says of itself, for people and programs: identifiers, who signed, when. Texts of strangers, unescaped."""

    name: str
    findings: tuple[Finding, ...]
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Report:
    """`kind`: pkpass, pkpasses, folder, pass.json, google, content or unknown. `findings`: of the whole; parts have theirs."""

    kind: str
    parts: tuple[Part, ...]
    findings: tuple[Finding, ...] = ()

    def all_findings(self) -> Iterator[Finding]:
        yield from self.findings
        for part in self.parts:
            yield from part.findings

    @property
    def opens(self) -> bool:
        """No error was found: phones take it."""
        return not self.count(ERROR)

    def count(self, severity: str) -> int:
        return sum(1 for one in self.all_findings() if one.severity == severity)


def as_json(report: Report) -> dict[str, object]:
    """The report as API and command line show it."""
    return {
        "kind": report.kind,
        "opens": report.opens,
        "errors": report.count(ERROR),
        "warnings": report.count(WARNING),
        "findings": [_finding(one) for one in report.findings],
        "parts": [
            {"name": part.name, "findings": [_finding(one) for one in part.findings], "facts": dict(part.facts)}
            for part in report.parts
        ],
    }


def _finding(one: Finding) -> dict[str, str]:
    return {
        "code": one.code,
        "severity": one.severity,
        "path": one.path,
        "message": one.message,
        "otherwise": one.otherwise,
        "mend": one.mend,
    }
