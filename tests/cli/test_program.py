"""The command as a whole: help, errors, exit codes, and the sandbox as a process."""

import errno
import signal
import subprocess
import sys
import urllib.request
from dataclasses import dataclass
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from tests.cli.remembered import installed

import shipbell
from shipbell import cli, errors
from shipbell.cli import reports
from shipbell.cli.program import Program


@dataclass(frozen=True, kw_only=True)
class Finding:
    ok: bool | None
    part: str
    message: str
    remedy: str = ""


def test_every_command_explains_itself() -> None:
    for name in ("", *cli.main.commands):
        result = CliRunner().invoke(cli.main, [*name.split(), "--help"])
        assert result.exit_code == 0
        assert "Usage:" in result.stdout

    assert set(cli.main.commands) == {
        "run", "check", "test-message", "rollouts", "rollout", "demo", "sandbox", "db", "version",
    }  # fmt: skip


@pytest.mark.parametrize("argument", ["version", "--version"])
def test_the_version_is_told(argument: str) -> None:
    result = CliRunner().invoke(cli.main, [argument])

    assert result.stdout == f"shipbell {shipbell.__version__}\n"


@pytest.mark.parametrize(
    "command", [["run"], ["check"], ["test-message", "a/b"], ["rollouts"], ["db", "upgrade"]]
)
def test_every_mistake_of_the_configuration_is_a_line_and_the_code_is_2(
    command: list[str], tmp_path: Path
) -> None:
    path = tmp_path / "shipbell.yaml"
    path.write_text("cluster: 1\nprofil: loud\nslack:\n  token: xoxb-very-secret\n  channel: a b\n")

    result = CliRunner().invoke(cli.main, [*command, "--config", str(path)])

    assert result.exit_code == 2
    assert result.stdout == ""
    assert [line.removeprefix(f"error: {path}").split(": ")[:2] for line in result.stderr.splitlines()] == [
        [":1", "cluster"],
        [":2", "profil"],
        [":4", "slack.token"],
        [":5", "slack.channel"],
    ]
    assert "very-secret" not in result.output


def test_a_flag_wins_over_the_environment(tmp_path: Path) -> None:
    shop = installed(tmp_path, [])

    result = shop.shipbell("rollouts", "--set", f"store.url=sqlite:///{tmp_path}/other.db")

    assert result.exit_code == 1
    assert "there is no store at" in result.stderr
    assert "other.db" in result.stderr


def test_a_secret_in_an_error_is_masked_and_the_error_is_one_line() -> None:
    @click.group(cls=Program)
    def group() -> None: ...

    @group.command()
    def fail() -> None:
        raise errors.SourceError("refused:\nAuthorization: Bearer very-secret")

    result = CliRunner().invoke(group, ["fail"])

    assert (result.exit_code, result.stderr) == (1, "error: refused: Authorization: ***\n")


def test_a_reader_who_has_read_enough_is_no_error() -> None:
    @click.group(cls=Program)
    def group() -> None: ...

    @group.command()
    def talk() -> None:
        raise BrokenPipeError(errno.EPIPE, "Broken pipe")

    assert "Broken pipe" not in CliRunner().invoke(group, ["talk"]).output


def test_a_file_or_port_that_cannot_be_had_is_an_error_in_one_line() -> None:
    @click.group(cls=Program)
    def group() -> None: ...

    @group.command()
    def listen() -> None:
        raise OSError(errno.EADDRINUSE, "Address already in use")

    result = CliRunner().invoke(group, ["listen"])

    assert (result.exit_code, result.stderr) == (1, "error: [Errno 98] Address already in use\n")


def test_the_schema_is_brought_up_to_date_as_often_as_one_likes(tmp_path: Path) -> None:
    shop = installed(tmp_path)

    for _ in range(2):
        assert shop.shipbell("db", "upgrade").exit_code == 0
    assert shop.shipbell("rollouts").exit_code == 0


def test_findings_are_lines_and_remedies_stand_below_what_fails() -> None:
    findings = [
        Finding(ok=True, part="store", message="sqlite, up to date"),
        Finding(ok=False, part="slack", message="invalid_auth for xoxb-1-very-secret", remedy="make a token"),
        Finding(ok=None, part="channel", message="needs the token"),
    ]

    lines = click.unstyle(reports.table(findings)).splitlines()

    assert [line.split()[0] for line in lines] == ["ok", "FAILED", "make", "not"]
    assert "very-secret" not in "".join(lines)
    assert reports.failed(findings)
    assert not reports.failed([findings[0], findings[2]])


def test_the_sandbox_says_how_to_reach_it_and_ends_when_told() -> None:
    program = Path(sys.executable).with_name("shipbell")
    arguments = [str(program), "sandbox", "--port", "0", "--channel", "#team"]
    process = subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    with process:
        said = [process.stdout.readline() for _ in range(5)]
        url = said[0].split()[1]
        with urllib.request.urlopen(url, timeout=5) as page:  # noqa: S310  our own server
            assert page.status == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0

    assert f"SHIPBELL_SLACK_API_URL={url}api/" in said[1]
    assert "SHIPBELL_SLACK_CHANNEL='#team'" in said[3]
