"""Where the control plane's programs lie, and which versions they are.

The versions are those that the Go modules under `tools/` lock; the folder is named after them, so that a
new version is built beside the old one. Standard library only: the build runs before anything is installed.
"""

import functools
import os
import platform
import re
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]

PROGRAMS = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubectl")

BUILD_COMMAND = "scripts/build-control-plane"


def cache() -> Path:
    """The folder for what is built once and outlives checkouts: `$SHIPBELL_CACHE`, else the user's cache."""
    if chosen := os.environ.get("SHIPBELL_CACHE"):
        return Path(chosen).expanduser()
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "shipbell"


@functools.cache
def kubernetes_version() -> str:
    """As a tag, `v1.36.3`."""
    return _locked("kubernetes", "k8s.io/kubernetes")


@functools.cache
def etcd_version() -> str:
    return _locked("etcd", "go.etcd.io/etcd/server/v3")


def directory() -> Path:
    versions = f"kubernetes-{kubernetes_version()}_etcd-{etcd_version()}"
    return cache() / "control-plane" / f"{versions}_{platform.system().lower()}-{platform.machine()}"


def path(program: str) -> Path:
    return directory() / program


def missing() -> list[str]:
    """The programs that are not built yet."""
    return [program for program in PROGRAMS if not path(program).exists()]


def module(name: str) -> Path:
    """The folder of the Go module that locks a set of tools."""
    return PROJECT / "tools" / name


def _locked(name: str, dependency: str) -> str:
    requirements = (module(name) / "go.mod").read_text(encoding="utf-8")
    found = re.search(rf"^\s*{re.escape(dependency)} (v\S+)", requirements, re.MULTILINE)
    if found is None:
        raise LookupError(f"tools/{name}/go.mod does not require {dependency}")
    return found[1]
