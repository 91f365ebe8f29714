"""One suite of tests as a process: followed while it runs, stopped when it falls silent.

The output of `pytest -v` names the test that is running. It becomes a line for each file of tests,
or for several that take no time; everything else that the suite prints is kept and shown in one
piece at its end, so that several suites can run side by side. A suite is stopped for silence, not
for its length: a busy machine may take any time as long as tests come and go.
"""

from __future__ import annotations

import os
import re
import selectors
import signal
import subprocess
import threading
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

SILENCE = 10 * 60  # seconds without a word after which a suite is stopped
FAREWELL = 15  # seconds for a traceback once it is asked to stop
PAUSE = 5  # seconds that a line about tests covers at least
BEAT = 60  # seconds after which a line names the test that is running

# "tests/scene/test_film.py::test_it_plays[dark] PASSED [ 12%]". While a test runs, its line has no
# result yet, and may have dots in place of it, as signs of life.
_TEST = re.compile(r"^((\S+\.py)::\S.*?)[ .]*$")
_END = re.compile(r"\b(PASSED|FAILED|ERROR|SKIPPED|XFAIL|XPASS)(?: \(.*)? +\[ *\d+%\]\s*$")
# The last line, with the numbers of tests that passed and failed, and the time.
_SUMMARY = re.compile(r"^=+ (.* in [\d.]+s.*?) =+$")
# Headings after the tests: from the first on, a test that pytest names is not running.
_HEADING = re.compile(r"^=+ (?!test session starts).* =+$")
# The line that Python's fault handler prints, after a test's name, where a test crashes or is sent
# the signal for a traceback.
_CRASH = "Fatal Python error"

# Exit statuses of pytest that do not mean failed tests: no tests found, and others in words.
_NO_TESTS = 5
_SAID = {
    2: "it was interrupted",
    3: "pytest itself failed",
    4: "pytest does not understand its arguments",
    _NO_TESTS: "it found no tests",
}

_print_lock = threading.Lock()


def say(text: str) -> None:
    """Print something whole, whatever else is printed at the same time."""
    with _print_lock:
        print(text, flush=True)


def duration(seconds: float) -> str:
    """A time as people say it: "45 s", "12 min"."""
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"


@dataclass(frozen=True)
class Ended:
    """The end of a suite: True if it passed, and a sentence about it."""

    name: str
    passed: bool
    summary: str


class Suite:
    """A command that runs pytest, with all the processes that it starts.

    One that is optional passes when it finds no tests.
    """

    def __init__(
        self,
        name: str,
        command: list[str],
        silence: float = SILENCE,
        optional: bool = False,
        **variables: str,
    ) -> None:
        self.optional = optional
        self.name = name
        self.command = command
        self.silence = silence
        self.variables = variables
        self.running = ""
        self._ended = 0
        self._summary = ""
        self._kept: list[str] = []
        self._line = ""
        self._files, self._results, self._since = dict[str, None](), Counter[str](), 0.0
        self._stop = ""
        self._over = False
        self._told = 0.0

    def run(self) -> Ended:
        """Run it to its end; none of its processes is left after that."""
        began = time.monotonic()
        say(f"=== {self.name}")
        process = subprocess.Popen(
            self.command,
            cwd=ROOT,
            env={**os.environ, **self.variables},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            # A group of its own, so that what it starts can be stopped with it.
            start_new_session=True,
        )
        try:
            self._follow(process)
        finally:
            _signal(process, signal.SIGKILL)
            status = process.wait()
            self._read_line(self._line)
            self._tell_files()
        sentence = self._sentence(status, time.monotonic() - began)
        kept = "\n".join(self._kept)
        say(f"\n=== {self.name}\n{kept}\n=== {self.name}: {sentence}\n")
        passed = status == 0 or (status == _NO_TESTS and self.optional)
        return Ended(self.name, passed and not self._stop, sentence)

    def stop(self, reason: str) -> None:
        """Have it stopped, from another thread; `reason` completes the sentence "stopped: ..."."""
        self._stop = self._stop or reason

    def _follow(self, process: subprocess.Popen[bytes]) -> None:
        """Read its output until it has ended or has to be stopped."""
        assert process.stdout
        heard = self._told = time.monotonic()
        with selectors.DefaultSelector() as selector:
            selector.register(process.stdout, selectors.EVENT_READ)
            end = 0.0
            while True:
                # Asked first: what it printed before it ended can be read by then.
                ended = process.poll() is not None
                waiting = selector.select(timeout=0.2)
                now = time.monotonic()
                if waiting:
                    text = os.read(process.stdout.fileno(), 1 << 16)
                    if not text:
                        break
                    heard = now
                    self._read(text.decode(errors="replace"))
                elif ended:
                    break  # processes that it has started may keep the pipe open
                if end and now > end:
                    return
                if end:
                    continue
                if now - heard > self.silence:
                    self.stop(f"it had printed nothing for {duration(self.silence)}")
                    # Python's fault handler answers this signal with a traceback.
                    _signal(process, signal.SIGABRT)
                elif self._stop:
                    _signal(process, signal.SIGINT)
                elif now - self._told > BEAT:
                    silent = f", silent for {duration(now - heard)}" if now - heard > BEAT else ""
                    self._tell(f"{self._ended} tests have ended; at {self.running}{silent}")
                end = now + FAREWELL if self._stop else 0.0
        # A process that has closed its output but not ended has nothing left to do.
        try:
            process.wait(self.silence)
        except subprocess.TimeoutExpired:
            self.stop(f"it had closed its output {duration(self.silence)} ago")

    def _read(self, text: str) -> None:
        """Take in some output, which may end in the middle of a line."""
        *lines, self._line = (self._line + text).split("\n")
        for line in lines:
            self._read_line(line)
        if not self._over and (name := _TEST.match(self._line)):
            self._begin(name[1], name[2])

    def _read_line(self, line: str) -> None:
        if _HEADING.match(line):
            self._over = True
            # A suite that is being stopped prints its headings while a test is still running.
            self.running = self.running if self._stop else ""
            self._tell_files()
        end = None if self._over else _END.search(line)
        test, crash, what = (line[: end.start()] if end else line).partition(_CRASH)
        name = None if self._over else _TEST.match(test)
        if name:
            self._begin(name[1], name[2])
        if crash or not name:
            self._kept.append(crash + what or line)
        if end:
            self._ended += 1
            self._results[end[1]] += 1
            self.running = ""
        if summary := _SUMMARY.match(line):
            self._summary = summary[1]

    def _begin(self, test: str, file: str) -> None:
        self.running = test
        if file not in self._files and time.monotonic() - self._since > PAUSE:
            self._tell_files()
        if not self._files:
            self._since = time.monotonic()
        self._files[file] = None

    def _tell_files(self) -> None:
        """Print the results of the tests of a file, or of a few files that took no time."""
        if self._files:
            first, *others = self._files
            where = f"{first} and {len(others)} more" if others else first
            results = ", ".join(f"{count} {word.lower()}" for word, count in self._results.items())
            self._tell(f"{where:52} {results}, {duration(time.monotonic() - self._since)}")
        self._files.clear()
        self._results.clear()

    def _tell(self, text: str) -> None:
        self._told = time.monotonic()
        say(f"{self.name:28} {text}")

    def _sentence(self, status: int, seconds: float) -> str:
        """The end of the suite in words."""
        where = f" while {self.running} was running" if self.running else ""
        after = f"; {self._ended} tests had ended, in {duration(seconds)}"
        if self._stop:
            return f"stopped: {self._stop}{where}{after}"
        if number := _signal_of(status):
            return f"{_NAMED.get(number, f'ended by signal {number}')}{where}{after}"
        said = _SAID.get(status, "" if status in (0, 1) else f"exit status {status}")
        if status and self.running:
            said = f"it ended with exit status {status}{where}{after}"
        parts = [part for part in (self._summary, said) if part]
        return ", ".join(parts) or ("passed" if status == 0 else f"exit status {status}")


_NAMED = {
    signal.SIGKILL: "killed from outside, by the system if its memory ran out,",
    signal.SIGTERM: "ended from outside",
    signal.SIGSEGV: "crashed (segmentation fault)",
    signal.SIGABRT: "crashed (abort)",
    signal.SIGBUS: "crashed (bus error)",
    signal.SIGFPE: "crashed (arithmetic)",
    signal.SIGILL: "crashed (illegal instruction)",
}


def _signal_of(status: int) -> int:
    """The signal that ended a process, or a process that it stands for; 0 if there was none."""
    for number in (-status, status - 128, 256 - status):  # Popen's way, a shell's, sys.exit(-9)
        if number in _NAMED or (status < 0 and number == -status):
            return number
    return 0


def _signal(process: subprocess.Popen[bytes], number: int) -> None:
    """Send a signal to a process and to all that it has started."""
    try:
        os.killpg(process.pid, number)
    except ProcessLookupError:
        pass
    except PermissionError:  # macOS raises this for a group that has ended
        pass
