"""`billfold starters`: what there is, and a template of one in the workspace; and a demo that is not empty for a person."""

import subprocess
import sys
from pathlib import Path

from billfold.starters import catalogue
from cli.test_main import billfold, complaint


def test_the_list_names_them_all(tmp_path: Path) -> None:
    listed = billfold("starters", "list", cwd=tmp_path)
    assert listed.returncode == 0
    for name in catalogue.names():
        assert name in listed.stdout
        assert catalogue.load(name).title["en"] in listed.stdout


def test_a_template_is_made_and_its_id_printed(tmp_path: Path) -> None:
    made = billfold("starters", "make", "cafe-stamps", "--name", "Ours", cwd=tmp_path, BILLFOLD_LOG_LEVEL="warning")
    assert made.returncode == 0, made.stderr
    assert made.stdout.startswith("tpl_demo00t_")


def test_a_name_that_is_none_is_one_clear_line(tmp_path: Path) -> None:
    assert "billfold starters list" in complaint(
        billfold("starters", "make", "nothing", cwd=tmp_path, BILLFOLD_LOG_LEVEL="warning")
    )


def test_the_demo_of_a_person_holds_some_and_that_of_a_program_none(tmp_path: Path) -> None:
    code = (
        "import asyncio, sys\n"
        "from pathlib import Path\n"
        "from billfold import bootstrap\n"
        "from billfold.cli.starters import IN_THE_DEMO, furnish_demo\n"
        "from billfold.settings import Settings\n"
        "async def run():\n"
        "    async with bootstrap.operate(Settings(data=Path(sys.argv[1]), sandbox=False)) as parts:\n"
        "        for _ in range(2):\n"
        "            await furnish_demo(parts)\n"
        "            print(len(await parts.store.read(lambda tx: tx.templates.list(bootstrap.DEMO, None, 10))), len(IN_THE_DEMO))\n"
        "asyncio.run(run())\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path / "data")], capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[:2] == ["1 1", "1 1"]  # the second time there are some already
