"""`shipbell rollouts` and `shipbell rollout`: what is remembered, for people and for programs."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
import yaml
from tests.cli.remembered import REMEDY, failed, installed, rollout, succeeded

from shipbell.domain import State

HOUR = timedelta(hours=1)


def test_rollouts_are_listed_newest_first(tmp_path: Path) -> None:
    shop = installed(tmp_path, [succeeded(), failed("api"), rollout("worker", State.PROGRESSING, ago=HOUR)])

    result = shop.shipbell("rollouts")

    assert result.exit_code == 0
    heads, *rows = [line.split() for line in result.stdout.splitlines()]
    assert heads == ["NAMESPACE", "NAME", "STATE", "CHANGE", "IMAGE", "READY", "AGE", "TOOK"]
    assert rows == [
        ["shop", "api", "failed", "new", "version", "web:1.2", "1/4", "30m", "10m"],
        ["shop", "worker", "progressing", "new", "version", "web:1.2", "1/4", "60m", "-"],
        ["shop", "web", "succeeded", "new", "version", "web:1.2", "4/4", "5h", "2m9s"],
    ]


def test_columns_stand_below_their_heads_and_lines_are_never_wrapped(tmp_path: Path) -> None:
    shop = installed(tmp_path, [succeeded("a" * 200), succeeded("b")])

    heads, *rows = shop.shipbell("rollouts", "-o", "wide").stdout.splitlines()

    assert len(rows) == 2
    assert all(row[heads.index("STATE") :].startswith("succeeded") for row in rows)
    assert not any(row.endswith(" ") for row in rows)


def test_wide_tells_who_and_why(tmp_path: Path) -> None:
    result = installed(tmp_path, [failed()]).shipbell("rollouts", "-o", "wide")

    assert "Pulumi, for jdoe" in result.stdout
    assert "Container app exits 1, 5 restarts" in result.stdout


def test_a_namespace_and_a_limit_choose_among_rollouts(tmp_path: Path) -> None:
    shop = installed(tmp_path, [succeeded("a"), succeeded("b", ago=HOUR), succeeded("c", namespace="ci")])

    assert shop.shipbell("rollouts", "-n", "ci").stdout.count("succeeded") == 1
    limited = shop.shipbell("rollouts", "--limit", "1", "-n", "shop").stdout
    assert [line.split()[1] for line in limited.splitlines()[1:]] == ["b"]


def test_no_rollouts_are_no_failure(tmp_path: Path) -> None:
    result = installed(tmp_path, []).shipbell("rollouts", "-n", "shop")

    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == "No rollouts found in namespace shop.\n"


@pytest.mark.parametrize(("format_", "load"), [("json", json.loads), ("yaml", yaml.safe_load)])
def test_a_document_tells_programs_the_same(tmp_path: Path, format_: str, load: object) -> None:
    assert callable(load)
    result = installed(tmp_path, [failed()]).shipbell("rollouts", "-o", format_)

    (told,) = load(result.stdout)["rollouts"]
    assert told["state"] == "failed"
    assert told["images"] == [
        {"container": "app", "old": "ghcr.io/shop/web:1.1", "new": "ghcr.io/shop/web:1.2"}
    ]
    assert told["labels"] == {"team": "checkout"}
    assert str(told["started_at"]).endswith(("Z", "+00:00"))


def test_a_rollout_is_shown_with_its_cause_its_story_and_who_was_told(tmp_path: Path) -> None:
    shop = installed(tmp_path, [failed(), succeeded(ago=3 * HOUR)])

    told = shop.shipbell("rollout", "shop/web").stdout

    assert "shop/web (Deployment)" in told
    assert "ghcr.io/shop/web:1.1 -> ghcr.io/shop/web:1.2" in told
    assert "Container app exits 1, 5 restarts" in told
    assert REMEDY in told
    assert ["30m", "progressed", "1", "of", "4"] in [line.split() for line in told.splitlines()]
    assert "slack:default:deployments   nothing yet" in told
    assert told.index("Earlier:") < told.index("succeeded")


def test_a_rollout_as_a_document_has_its_transitions_deliveries_and_forerunners(tmp_path: Path) -> None:
    shop = installed(tmp_path, [failed(), succeeded(ago=3 * HOUR)])

    told = json.loads(shop.shipbell("rollout", "-n", "shop", "web", "-o", "json").stdout)

    assert told["rollout"]["state"] == "failed"
    assert [transition["kind"] for transition in told["transitions"]] == ["started", "progressed"]
    assert told["deliveries"][0]["destination"] == "slack:default:deployments"
    assert [earlier["state"] for earlier in told["earlier"]] == ["succeeded"]


@pytest.mark.parametrize(
    ("state", "code"),
    [
        (State.SUCCEEDED, 0),
        (State.PROGRESSING, 0),
        (State.RECOVERED, 0),
        (State.ROLLED_BACK, 0),
        (State.FAILING, 3),
        (State.FAILED, 3),
    ],
)
def test_the_exit_code_tells_whether_the_rollout_is_bad(tmp_path: Path, state: State, code: int) -> None:
    shop = installed(tmp_path, [rollout("web", state, ago=HOUR)])

    assert shop.shipbell("rollout", "shop/web").exit_code == code
    assert shop.shipbell("rollout", "shop/web", "-o", "json").exit_code == code


def test_a_workload_that_is_not_known_is_a_failure_in_one_line(tmp_path: Path) -> None:
    result = installed(tmp_path, [succeeded()]).shipbell("rollout", "shop/nobody")

    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "error: no rollout of shop/nobody is known\n"


@pytest.mark.parametrize(
    "arguments", [["web"], ["shop/web", "-n", "shop"], ["/web"], ["shop/"], ["a/b/c"], ["web", "-n", ""]]
)
def test_a_workload_must_be_named_in_full_and_once(tmp_path: Path, arguments: list[str]) -> None:
    result = installed(tmp_path, []).shipbell("rollout", *arguments)

    assert result.exit_code == 2
    assert "name the workload as NAMESPACE/NAME, or as NAME with -n NAMESPACE" in result.stderr


def test_where_there_is_no_store_none_is_made(tmp_path: Path) -> None:
    shop = installed(tmp_path)

    result = shop.shipbell("rollouts")

    assert result.exit_code == 1
    assert result.stderr.startswith(f"error: there is no store at {shop.file} yet")
    assert not shop.file.exists()


def test_a_file_that_is_no_store_is_a_failure_in_one_line(tmp_path: Path) -> None:
    shop = installed(tmp_path)
    shop.file.write_text("this is no database" * 100)

    result = shop.shipbell("rollouts")

    assert result.exit_code == 1
    assert result.stderr.count("\n") == 1
    assert "Traceback" not in result.output


def test_what_the_cluster_says_cannot_command_the_terminal(tmp_path: Path) -> None:
    hostile = rollout(
        "web", State.FAILED, ago=HOUR, by="\x1b[2J\x1b]0;owned\x07\u202e", labels={"a": "\x1b[31m"}
    )
    shop = installed(tmp_path, [hostile])

    for arguments in (["rollouts", "-o", "wide"], ["rollout", "shop/web"]):
        told = shop.shipbell(*arguments).stdout
        assert "owned" in told
        assert not any(character in told for character in "\x1b\x07\u202e")


def test_markup_of_the_table_maker_is_shown_as_it_is(tmp_path: Path) -> None:
    shop = installed(tmp_path, [rollout("web", State.FAILED, ago=HOUR, by="[bold]me[/bold] :boom:")])

    assert "[bold]me[/bold] :boom:" in shop.shipbell("rollout", "shop/web").stdout
