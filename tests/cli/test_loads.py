"""What a server loads though nobody has asked for it: each library is memory that every process keeps to its end."""

import subprocess
import sys
from pathlib import Path

LATE = {
    "alembic": "a database at head needs none",
    "psycopg": "of the other engine",
    "rich": "prints for people in a terminal",
    "pygments": "comes with rich",
    "resvg_py": "draws previews",
    "python_calamine": "reads spreadsheets",
    "zxingcpp": "draws codes on previews",
    "webauthn": "for who signs in by passkey",
}


def test_a_server_loads_nothing_that_it_does_not_begin_with(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from billfold.cli import main; from billfold.settings import Settings\n"
        "main.ready(Settings(data=Path(sys.argv[1])))\n"
        "import billfold.cli.serving, billfold.cli.demo; print(*sorted(set(sys.argv[2:]) & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path), *LATE], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_what_was_kept_from_a_library_is_there_for_others(tmp_path: Path) -> None:
    code = (
        "from pathlib import Path; from billfold.cli import main; main.load_without('structlog', 'rich')\n"
        "import structlog.dev, rich.console; print(structlog.dev.rich, rich.console.Console.__name__)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout == "None Console\n"
