"""A Blender that is followed while it runs: what it prints, and that it does not fall silent."""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import subprocess
import threading
from collections.abc import Callable

# Seconds. The process that drives the window prints every few seconds what it waits for. But on a
# busy machine without a graphics card, one picture of a large model takes minutes.
SILENCE = 9 * 60


def follow(
    command: list[str], env: dict[str, str], told: Callable[[str], None], silence: float = SILENCE
) -> tuple[int, str]:
    """Run a command, hand over each line that it prints, and stop it when it prints none.

    Returns its exit status, which is not 0 if it was stopped, and everything that it printed.
    """
    process = subprocess.Popen(
        command,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        # A group of its own, so that what a launcher starts is stopped with it.
        start_new_session=True,
    )
    lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()

    def read() -> None:
        assert process.stdout
        for line in process.stdout:
            lines.put(line.rstrip("\n"))
        lines.put(None)

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    heard = []
    try:
        while (line := lines.get(timeout=silence)) is not None:
            heard.append(line)
            told(line)
    except queue.Empty:
        heard.append(f"stopped: it had printed nothing for {silence:.0f} s")
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    return process.wait(), "\n".join(heard)
