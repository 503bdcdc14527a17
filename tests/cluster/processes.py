"""Programs that run beside the tests and never outlive them.

Each gets a log file, a process group of its own (a Ctrl-C meant for the test run does not reach it, so that
we stop things in order) and the kernel's promise to kill it when its parent dies, however it dies.
"""

import asyncio
import contextlib
import os
import shutil
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Self


class Died(Exception):
    """A program ended that should run; the message carries the end of its log."""


class Program:
    """One child process, started at most once."""

    def __init__(self, process: asyncio.subprocess.Process, *, name: str, log: Path) -> None:
        self.name = name
        self._process = process
        self._log = log

    @classmethod
    async def start(cls, command: Sequence[str | Path], *, log: Path) -> Self:
        """Both of its outputs are appended to `log`."""
        with log.open("ab") as output:
            process = await asyncio.create_subprocess_exec(
                *_until_we_die(),
                *map(str, command),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                # No proxy, kubeconfig or language of the person's: every run is the same.
                env={"PATH": os.environ.get("PATH", os.defpath), "HOME": str(log.parent)},
                start_new_session=True,
            )
        return cls(process, name=Path(command[0]).name, log=log)

    @property
    def is_running(self) -> bool:
        return self._process.returncode is None

    def check(self) -> None:
        """Raises `Died`, with its last words, if it runs no more."""
        if not self.is_running:
            raise Died(f"{self.name} ended with {self._process.returncode}:\n{self.last_words()}")

    def last_words(self, lines: int = 15) -> str:
        return "\n".join(self._log.read_text(errors="replace").splitlines()[-lines:])

    async def stop(self, *, patience: float = 1) -> None:
        """SIGTERM, then SIGKILL after `patience` seconds; returns when it is gone. Its data is scratch."""
        self._signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(patience):
                await self._process.wait()
        except TimeoutError:
            await self.kill()

    async def kill(self) -> None:
        self._signal(signal.SIGKILL)
        await self._process.wait()

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(number)


def _until_we_die() -> list[str]:
    """A prefix that ties a program's life to ours (Linux, util-linux), see prctl(2), PR_SET_PDEATHSIG."""
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", "SIGKILL", "--"] if setpriv else []
