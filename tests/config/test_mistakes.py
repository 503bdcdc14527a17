"""Every way to get the configuration wrong: one file each in `bad/`, with the message it must give."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from shipbell import config, errors

BAD = Path(__file__).parent / "bad"
TOKEN = {"SHIPBELL_SLACK_TOKEN": "xoxb-made-up"}


def problems(
    path: Path | None = None, env: Mapping[str, str] = TOKEN, flags: tuple[str, ...] = ()
) -> tuple[str, ...]:
    with pytest.raises(errors.ConfigError) as caught:
        config.load(path, env, flags)
    return caught.value.problems


@pytest.mark.parametrize("name", sorted(path.stem for path in BAD.glob("*.yaml")))
def test_a_mistake_is_told_with_place_and_remedy(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(BAD)

    found = problems(Path(f"{name}.yaml"))

    assert "\n".join(found) + "\n" == (BAD / f"{name}.txt").read_text()


def test_every_expected_message_has_its_file() -> None:
    assert {path.stem for path in BAD.glob("*.txt")} == {path.stem for path in BAD.glob("*.yaml")}


def test_no_message_tells_a_secret() -> None:
    told = "".join(path.read_text() for path in BAD.glob("*.txt"))

    assert "very-secret" in "".join(path.read_text() for path in BAD.glob("*.yaml"))
    assert "very-secret" not in told


def test_a_configuration_with_ten_mistakes_reports_ten(tmp_path: Path) -> None:
    path = tmp_path / "ten.yaml"
    path.write_text(
        """\
cluster: 12
slack:
  chanel: "#deployments"
  token: xoxb-very-secret
web:
  port: 99999
  hook: open
verdict:
  stall_after: 10 parsecs
profile: lowd
labels: team
kubernetes:
  watch: maybe
"""
    )

    found = problems(path, {"SHIPBELL_WEB_PROT": "8080"})

    assert [problem.removeprefix(str(path)).split(": ")[:2] for problem in found] == [
        [":1", "cluster"],
        [":2", "slack.channel"],
        [":3", "slack.chanel"],
        [":4", "slack.token"],
        [":6", "web.port"],
        [":7", "web.hook"],
        [":9", "verdict.stall_after"],
        [":10", "profile"],
        [":11", "labels"],
        [":13", "kubernetes.watch"],
        ["SHIPBELL_WEB_PROT", "belongs to no setting; did you mean SHIPBELL_WEB_PORT?"],
    ]


def test_a_file_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    path = tmp_path / "nowhere.yaml"

    assert problems(path) == (f"{path}: cannot be read: No such file or directory; check the path",)


def test_a_file_in_another_encoding_is_said_so(tmp_path: Path) -> None:
    path = tmp_path / "latin.yaml"
    path.write_bytes("cluster: Köln".encode("latin-1"))

    assert problems(path) == (f"{path}: is not UTF-8; save it in that encoding",)


@pytest.mark.parametrize("content", ["cluster: \x07", "[" * 1200])
def test_a_file_that_breaks_the_parser_is_no_traceback(tmp_path: Path, content: str) -> None:
    path = tmp_path / "odd.yaml"
    path.write_text(content)

    assert all("is no valid YAML" in problem for problem in problems(path))


def test_an_empty_file_lacks_what_is_required(tmp_path: Path) -> None:
    path = tmp_path / "empty.yaml"
    path.write_text("# nothing yet\n")

    found = problems(path, {})

    assert [problem.removeprefix(f"{path}: ").split(":")[0] for problem in found] == ["cluster", "slack"]


def test_nothing_at_all_lacks_what_is_required() -> None:
    assert [problem.split(":")[0] for problem in problems(None, {})] == ["cluster", "slack"]


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        (
            "SHIPBELL_WEB_PORT",
            "high",
            "SHIPBELL_WEB_PORT: web.port: must be a whole number; write digits only",
        ),
        (
            "SHIPBELL_KUBERNETES_WATCH",
            "maybe",
            "kubernetes.watch: must be true or false; write one of the two",
        ),
        ("SHIPBELL_SLACK_TOKEN", "xapp-1-a", "slack.token: is an app-level token; use the bot token"),
        (
            "SHIPBELL_SLACK_TOKEN",
            "https://hooks.slack.com/services/T/B/x",
            "slack.token: is a URL; a webhook's",
        ),
        ("SHIPBELL_SLACK_TOKEN", "xoxb-a\nxoxb-b", "slack.token: holds spaces or characters that no HTTP"),
        ("SHIPBELL_SLACK_WEBHOOK_URL", "T000/B000/secret", "slack.webhook_url: is no URL; write it as"),
        ("SHIPBELL_COLOUR", "blue", "SHIPBELL_COLOUR: belongs to no setting; "),
    ],
)
def test_a_mistake_in_the_environment_names_its_variable(name: str, value: str, text: str) -> None:
    env = {"SHIPBELL_CLUSTER": "c", "SHIPBELL_SLACK_CHANNEL": "#x", **TOKEN, name: value}

    (found,) = problems(None, env)

    assert found.startswith(name)
    assert text in found
    assert "secret" not in found.replace("secret alone", "")


@pytest.mark.parametrize(
    ("flag", "text"),
    [
        ("log.level", "--set: must have the form name=value; like log.level=debug"),
        ("log.levle=debug", '--set: log.levle: is no setting; did you mean "level"?'),
        ("log.level=loud", "--set: log.level: must be one of debug, info, warning, error; write one of them"),
        ("slack.token=xoxb-very-secret", "--set: slack.token: is a secret and does not belong here; "),
    ],
)
def test_a_mistake_on_the_command_line_is_told(flag: str, text: str) -> None:
    env = {"SHIPBELL_CLUSTER": "c", "SHIPBELL_SLACK_CHANNEL": "#x", **TOKEN}

    (found,) = problems(None, env, (flag,))

    assert found.startswith(text)
    assert "very-secret" not in found


def test_an_empty_secret_file_is_a_mistake(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("\n")
    path = tmp_path / "shipbell.yaml"
    path.write_text('cluster: c\nslack: {channel: "#x", token_file: token}\n')

    (found,) = problems(path, {})

    assert found == f"{path}:2: slack.token_file: {tmp_path / 'token'} is empty; write the secret into it"


def test_a_secret_file_that_is_no_text_is_a_mistake(tmp_path: Path) -> None:
    (tmp_path / "token").write_bytes(b"\xff\xfe")
    path = tmp_path / "shipbell.yaml"
    path.write_text('cluster: c\nslack: {channel: "#x", token_file: token}\n')

    (found,) = problems(path, {})

    assert found.endswith("token is not text; write the secret alone into it")


def test_a_password_without_a_user_is_a_mistake() -> None:
    env = {"SHIPBELL_CLUSTER": "c", "SHIPBELL_SLACK_CHANNEL": "#x", **TOKEN}

    found = problems(None, {**env, "SHIPBELL_WEB_HOOK_PASSWORD": "p"})

    assert found == ("web.hook.user: is required with a password; set it too",)
