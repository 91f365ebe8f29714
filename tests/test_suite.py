"""The runner of the tests: it waits as long as a suite talks, and says how each one has ended."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests import alive
from tools.suite import ROOT, Ended, Suite

SILENCE = 3.0

HANGING = "tests/scene/test_film.py::test_it_plays[dark look]"


def shell(script: str, silence: float = SILENCE) -> Ended:
    """The end of a suite that is a few lines of shell."""
    return Suite("fake", ["sh", "-c", script], silence).run()


def is_there(process: int) -> bool:
    """True if a process runs; one that has ended but has not been waited for does not."""
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in "ZX"


def gone(process: int) -> bool:
    """True if a process ends within a while."""
    for _ in range(100):
        if not is_there(process):
            return True
        time.sleep(0.1)
    return False


_TALK = 'echo "tests/a.py::test_$i PASSED [ 10%]"; sleep 0.6'
_DOTS = "for i in 1 2 3 4 5 6 7 8 9 10; do printf .; sleep 0.6; done"

# Suites that take longer than the silence that is allowed; they are waited for all at once.
WAITED_FOR = {
    "silent": (
        f'echo "tests/scene/test_film.py::test_first PASSED [  2%]";printf "{HANGING} "; sleep 600'
    ),
    "slow": (
        f'for i in 1 2 3 4 5 6 7 8 9 10; do {_TALK}; done; echo "==== 10 passed in 6.00s ===="'
    ),
    "dots": _DOTS,
    "dots, then silent": f'printf "{HANGING} "; {_DOTS}; sleep 600',
}


@pytest.fixture(scope="module")
def waited_for() -> dict[str, tuple[Ended, float]]:
    """The ends of the suites that take long, and the seconds that each took."""

    def wait(script: str) -> tuple[Ended, float]:
        began = time.monotonic()
        return shell(script), time.monotonic() - began

    with ThreadPoolExecutor(len(WAITED_FOR)) as pool:
        return dict(zip(WAITED_FOR, pool.map(wait, WAITED_FOR.values()), strict=True))


def test_a_suite_that_falls_silent_is_stopped_and_the_test_that_ran_is_named(waited_for):
    ended, _ = waited_for["silent"]
    assert not ended.passed
    assert ended.summary.startswith(
        f"stopped: it had printed nothing for 3 s while {HANGING} was running; 1 tests had ended"
    )


def test_a_suite_that_is_slow_but_talks_is_left_alone(waited_for):
    ended, seconds = waited_for["slow"]
    assert seconds > SILENCE
    assert ended.passed and ended.summary == "10 passed in 6.00s"


def test_what_a_suite_prints_just_before_it_ends_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    class Late(subprocess.Popen[bytes]):
        """A process that prints and ends just when somebody asks whether it has ended."""

        def poll(self) -> int | None:
            (tmp_path / "asked").touch()
            self.wait()
            return super().poll()

    monkeypatch.setattr(subprocess, "Popen", Late)
    ended = shell(
        f'while [ ! -e "{tmp_path}/asked" ]; do sleep 0.05; done; echo "=== 1 passed in 1.00s ==="'
    )
    assert ended.passed and ended.summary == "1 passed in 1.00s"


def test_part_of_a_line_is_a_sign_of_life(waited_for):
    ended, seconds = waited_for["dots"]
    assert ended.passed and seconds > SILENCE


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks at Linux's processes")
def test_what_a_stopped_suite_has_started_is_stopped_with_it(tmp_path: Path):
    note = tmp_path / "child"
    ended = shell(f'sleep 600 & echo $! > "{note}"; sleep 600')
    assert not ended.passed
    assert gone(int(note.read_text()))


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks at Linux's processes")
def test_what_an_ended_suite_has_left_running_neither_holds_it_up_nor_stays(tmp_path: Path):
    note = tmp_path / "child"
    ended = shell(f'sleep 600 & echo $! > "{note}"', silence=600)
    assert ended.passed
    assert gone(int(note.read_text()))


def test_a_traceback_of_where_a_suite_hangs_is_shown(capfd: pytest.CaptureFixture[str]):
    script = (
        "import faulthandler, time\n"
        "faulthandler.enable()\n"
        "def forgets_to_return():\n"
        "    time.sleep(600)\n"
        "print('begins', flush=True)\n"
        "forgets_to_return()\n"
    )
    # The limit is long enough for a Python that starts on a busy day.
    suite = Suite("fake", [sys.executable, "-c", script], 12.0)
    assert not suite.run().passed
    assert "in forgets_to_return" in capfd.readouterr().out


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("kill -KILL $$", "killed from outside, by the system if its memory ran out,"),
        ("kill -SEGV $$", "crashed (segmentation fault)"),
        ("exit 139", "crashed (segmentation fault)"),
        ("exit 247", "killed from outside, by the system if its memory ran out,"),
    ],
)
def test_a_suite_that_a_signal_has_ended_says_so_in_words(script: str, said: str):
    ended = shell(f'printf "{HANGING} "; {script}')
    assert not ended.passed
    assert ended.summary.startswith(f"{said} while {HANGING} was running; 0 tests had ended")


@pytest.mark.parametrize(
    ("status", "said"),
    [(5, "it found no tests"), (3, "pytest itself failed"), (1, "exit status 1")],
)
def test_a_suite_that_fails_says_why(status: int, said: str):
    ended = shell(f"exit {status}")
    assert not ended.passed and ended.summary == said


def test_dots_are_signs_of_life_and_no_part_of_the_name(waited_for):
    ended, _ = waited_for["dots, then silent"]
    assert f"while {HANGING} was running; 0 tests" in ended.summary
    ended = shell(f'echo "{HANGING} ...PASSED [100%]"; echo "=== 1 passed in 1.00s ==="; exit 3')
    assert ended.summary == "1 passed in 1.00s, pytest itself failed"


def test_a_test_of_many_examples_gives_signs_of_life_through_what_pytest_holds_back(
    tmp_path: Path, pytestconfig: pytest.Config
):
    assert alive.capture is pytestconfig.pluginmanager.getplugin("capturemanager")
    (tmp_path / "conftest.py").write_text(
        "from tests import alive\n"
        "def pytest_configure(config):\n"
        "    alive.capture = config.pluginmanager.getplugin('capturemanager')\n"
    )
    (tmp_path / "test_many.py").write_text(
        "from tests import alive\ndef test_many():\n    print('held back')\n    alive.tell()\n"
    )
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", "-v", str(tmp_path), "-p", "no:pytest-blender"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "::test_many .PASSED" in ended.stdout and "held back" not in ended.stdout


def test_only_an_optional_suite_may_find_no_tests():
    assert Suite("fake", ["sh", "-c", "exit 5"], optional=True).run().passed
    assert not Suite("fake", ["sh", "-c", "exit 1"], optional=True).run().passed


def test_the_name_of_a_test_that_crashes_is_told_from_what_python_says_of_the_crash():
    ended = shell(f'echo "{HANGING} Fatal Python error: Aborted"; echo "  File x"; kill -ABRT $$')
    assert ended.summary.startswith(f"crashed (abort) while {HANGING} was running")


def test_tests_that_only_a_heading_of_pytest_names_are_not_said_to_run():
    ended = shell(
        'echo "tests/a.py::test_one FAILED [100%]"; echo "=== warnings summary ===";'
        'echo "tests/a.py::test_one"; echo "=== 1 failed in 0.10s ==="; exit 1'
    )
    assert ended.summary == "1 failed in 0.10s"


def test_a_file_of_tests_is_a_line_and_all_else_is_shown_in_one_piece(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("tools.suite.PAUSE", -1)
    shell(
        'echo "tests/a.py::test_one PASSED [ 30%]"; echo "tests/a.py::test_two[a b] FAILED [ 60%]";'
        'echo "tests/b.py::test_three SKIPPED (no window) [100%]";'
        'echo "=== FAILURES ==="; echo "E  assert 1 == 2"; echo "=== 1 failed in 0.10s ==="'
    )
    told = [line.split() for line in capfd.readouterr().out.splitlines()]
    assert ["fake", "tests/a.py", "1", "passed,", "1", "failed,", "0", "s"] in told
    assert ["fake", "tests/b.py", "1", "skipped,", "0", "s"] in told
    assert ["E", "assert", "1", "==", "2"] in told


def test_files_of_tests_that_take_no_time_are_a_line_together(capfd: pytest.CaptureFixture[str]):
    shell('for i in a b a c; do echo "tests/$i.py::test_one PASSED [ 30%]"; done')
    told = [line.split() for line in capfd.readouterr().out.splitlines()]
    assert ["fake", "tests/a.py", "and", "2", "more", "4", "passed,", "0", "s"] in told


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks at Linux's processes")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_is_stopped_says_what_was_running_and_leaves_nothing_behind(
    tmp_path: Path, number: signal.Signals
):
    runner = subprocess.Popen(
        [sys.executable, "-c", RUN_ONE, str(tmp_path / "child")],
        cwd=ROOT / "tools",
        stdout=subprocess.PIPE,
        text=True,
    )
    until((tmp_path / "child").exists)
    runner.send_signal(number)
    said, _ = runner.communicate(timeout=600)
    assert runner.returncode == 1
    assert "FAILED one" in said and f"{number.name} came" in said
    assert "while tests/a.py::test_one was running" in said
    assert "FAILED two" in said and "not begun" in said
    assert gone(int((tmp_path / "child").read_text()))


RUN_ONE = """
import sys
import run_tests
from suite import Suite

script = 'trap "echo; echo ==== no tests ran in 1s ====; exit 2" INT; '
script += 'printf "tests/a.py::test_one "; sleep 600 & echo $! > part; mv part "$0"; sleep 600'
script = script.replace("part", sys.argv[1] + ".part")
run_tests.processors = lambda: 1
run_tests.wheels = lambda _extra, ended: run_tests.run(
    [Suite("one", ["sh", "-c", script, sys.argv[1]]), Suite("two", ["true"])], ended
)
sys.exit(run_tests.main(["wheels"]))
"""


def until(there: Callable[[], bool]) -> None:
    """Wait for something that comes sooner or later."""
    while not there():
        time.sleep(0.05)
