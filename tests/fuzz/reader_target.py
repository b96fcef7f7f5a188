"""What fuzzers do to the reader of foreign passes: any bytes must end in a report, never in an exception or a flood.

By atheris, coverage-guided, for as long as one likes (it is no dependency: its wheels are for some Pythons only):

    .venv/bin/python "$(ls tools/pip-*.whl)/pip" install atheris              # or uv pip install --python .venv/bin/python atheris
    .venv/bin/python tests/fuzz/reader_target.py -max_total_time=600 tests/fuzz/corpus

An input that ends badly is left as crash-... in the folder where it runs: mend the reader, put the input into corpus/, and
test_reader_fuzz.py keeps it. May not enter: anything but the target and its start.
"""

import datetime
import sys
from pathlib import Path

NOW = datetime.datetime(2026, 11, 20, 12, 0, tzinfo=datetime.UTC)
NOW_MS = int(NOW.timestamp() * 1000)
FINDINGS_MAX = 5_000


def target(data: bytes) -> None:
    """Raises when the reader did, or when the report is not fit to be shown."""
    from billfold.checker import check_file  # here, so that atheris can instrument what it imports

    report = check_file(data, NOW_MS)
    findings = list(report.all_findings())
    assert len(findings) <= FINDINGS_MAX
    for one in findings:
        assert one.severity in ("error", "warning")
        assert one.code
        assert one.message
        assert one.mend
        assert len(one.path) <= 1_000
        assert one.path.isprintable()
        assert one.message.isprintable()
        assert one.mend.isprintable()


def main() -> None:
    import atheris

    sys.path.insert(0, str(Path(__file__).parents[2] / "src"))
    with atheris.instrument_imports(include=["billfold"]):
        import billfold.checker  # noqa: F401

    atheris.Setup(sys.argv, target)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
