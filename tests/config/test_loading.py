"""What the configuration is taken from, and in which order."""

from datetime import timedelta
from pathlib import Path

import pytest

from shipbell import config, domain
from shipbell.config import fields

ENV = {"SHIPBELL_CLUSTER": "c", "SHIPBELL_SLACK_TOKEN": "xoxb-made-up", "SHIPBELL_SLACK_CHANNEL": "#x"}

OTHERS = {
    "profile": ("quiet", "quiet"),
    "detail": ("line", "line"),
    "labels": ("team, tier/*", ("team", "tier/*")),
    "slack.channel": ("C0123456789", "C0123456789"),
    "slack.token": ("xoxb-other", "xoxb-other"),
    "slack.webhook_url": ("https://hooks.example.com/x", "https://hooks.example.com/x"),
    "slack.api_url": ("http://127.0.0.1:1/api/", "http://127.0.0.1:1/api/"),
    "slack.uncertain": ("rather-not", "rather-not"),
    "kubernetes.watch": ("false", False),
    "kubernetes.namespaces": ("shop,mitlearn", ("shop", "mitlearn")),
    "kubernetes.kinds": ("Job,CronJob", ("Job", "CronJob")),
    "kubernetes.read_logs": ("true", True),
    "kubernetes.requests_per_second": ("5", 5.0),
    "kubernetes.resync": ("1h30m", timedelta(minutes=90)),
    "kubernetes.reread": ("5s", timedelta(seconds=5)),
    "web.port": ("0", 0),
    "store.url": ("sqlite:////data/shipbell.db", "sqlite:////data/shipbell.db"),
    "verdict.stall_after": ("3m", timedelta(minutes=3)),
    "verdict.restart_annotations": ("a,b", ("a", "b")),
    "verdict.automatic_restart_annotations": ("a", ("a",)),
    "verdict.deadline_grace": ("1s", timedelta(seconds=1)),
    "verdict.patience": ("0.5", 0.5),
    "verdict.cronjob_successes": ("true", True),
    "log.level": ("debug", "debug"),
    "log.format": ("json", "json"),
    "advanced.time_factor": ("0.01", 0.01),
}
"""For each setting that does not take any text: another value than the default, as text and as it is read."""


def read(settings: config.Settings, field: fields.Field) -> object:
    value: object = settings
    for name in field.path:
        value = getattr(value, name)
    return value.get_secret_value() if field.secret else value  # type: ignore[attr-defined]  # a SecretStr


@pytest.mark.parametrize("field", fields.every(), ids=lambda field: field.twin)
def test_every_setting_can_be_set_by_its_variable(field: fields.Field, tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("http://from.a/file" if "url" in field.dotted else "from-a-file")
    text, expected = OTHERS.get(field.dotted, (str(file), str(file)))
    around = {**ENV, "SHIPBELL_WEB_HOOK_USER": "u", "SHIPBELL_WEB_HOOK_PASSWORD": "p"}
    around.pop(field.twin.removesuffix("_FILE"), None)

    settings = config.load(None, {**around, field.twin: text})

    value = read(settings, field)
    assert (str(value) if field.names_file else value) == expected


def test_a_file_a_variable_and_a_flag_win_over_each_other_in_this_order(tmp_path: Path) -> None:
    path = tmp_path / "shipbell.yaml"
    path.write_text("cluster: file\nenvironment: file\nlog: {level: error}\nweb: {port: 1}\n")

    settings = config.load(
        path,
        {**ENV, "SHIPBELL_CLUSTER": "variable", "SHIPBELL_LOG_LEVEL": "warning"},
        ("log.level=debug",),
    )

    assert settings.environment == "file"
    assert settings.cluster == "variable"
    assert settings.log.level == "debug"
    assert settings.web.port == 1
    assert settings.web.host == "0.0.0.0"  # noqa: S104  the default


def test_an_empty_variable_counts_as_not_set() -> None:
    settings = config.load(None, {**ENV, "SHIPBELL_LOG_LEVEL": "", "SHIPBELL_NO_SUCH_THING": ""})

    assert settings.log.level == "info"


def test_a_section_whose_content_is_commented_out_counts_as_not_written(tmp_path: Path) -> None:
    path = tmp_path / "shipbell.yaml"
    path.write_text("cluster: c\nkubernetes:\n#  watch: false\nverdict:\n  patience:\n")

    settings = config.load(path, ENV)

    assert settings.kubernetes.watch is True
    assert settings.verdict.patience == 1.0


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SHIPBELL_PORT", "tcp://10.0.0.7:80"),
        ("SHIPBELL_SERVICE_HOST", "10.0.0.7"),
        ("SHIPBELL_SERVICE_PORT", "80"),
        ("SHIPBELL_SERVICE_PORT_HTTP", "80"),
        ("SHIPBELL_PORT_80_TCP", "tcp://10.0.0.7:80"),
        ("SHIPBELL_PORT_80_TCP_ADDR", "10.0.0.7"),
        ("SHIPBELL_WEB_PORT", "tcp://10.0.0.7:80"),
        ("SHIPBELL_WEB_SERVICE_HOST", "10.0.0.7"),
    ],
)
def test_variables_that_kubernetes_makes_of_services_are_no_settings(name: str, value: str) -> None:
    settings = config.load(None, {**ENV, name: value})

    assert settings.web.port == 8080


def test_a_secret_comes_from_its_file_without_the_line_end(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("xoxb-from-a-file\n")
    path = tmp_path / "shipbell.yaml"
    path.write_text('cluster: c\nslack: {channel: "#x", token_file: token}\n')

    settings = config.load(path, {})

    assert settings.slack.token is not None
    assert settings.slack.token.get_secret_value() == "xoxb-from-a-file"
    assert settings.slack.token_file == tmp_path / "token"


def test_a_secret_in_the_environment_wins_over_its_file(tmp_path: Path) -> None:
    path = tmp_path / "shipbell.yaml"
    path.write_text('cluster: c\nslack: {channel: "#x", token_file: away}\n')

    settings = config.load(path, {"SHIPBELL_SLACK_TOKEN": "xoxb-direct"})

    assert settings.slack.token is not None
    assert settings.slack.token.get_secret_value() == "xoxb-direct"
    assert settings.slack.token_file is None


def test_secrets_print_as_asterisks() -> None:
    secrets = {
        "SHIPBELL_SLACK_TOKEN": "xoxb-very-secret",
        "SHIPBELL_SLACK_WEBHOOK_URL": "https://hooks.example.com/very-secret",
        "SHIPBELL_WEB_HOOK_USER": "kubewatch",
        "SHIPBELL_WEB_HOOK_PASSWORD": "very-secret",
        "SHIPBELL_WEB_HOOK_TOKEN": "very-secret",
        "SHIPBELL_WEB_HOOK_HMAC_SECRET": "very-secret",
    }

    settings = config.load(None, {**ENV, **secrets})

    printed = f"{settings} {settings!r} {settings.model_dump()}"
    assert "very-secret" not in printed
    assert "**********" in printed


def test_settings_cannot_be_changed() -> None:
    settings = config.load(None, ENV)

    with pytest.raises(ValueError, match="frozen"):
        settings.cluster = "other"


def test_the_defaults_of_verdicts_are_the_domains_own() -> None:
    assert config.load(None, ENV).policy() == domain.Policy()


def test_one_factor_scales_all_patience_of_the_verdicts() -> None:
    settings = config.load(
        None, {**ENV, "SHIPBELL_ADVANCED_TIME_FACTOR": "0.1", "SHIPBELL_VERDICT_PATIENCE": "2"}
    )

    policy = settings.policy()

    assert policy.stall_after == timedelta(minutes=1)
    assert policy.deadline_grace == timedelta(seconds=1)
    assert policy.patience == pytest.approx(0.2)


def test_an_incoming_webhook_alone_is_enough() -> None:
    env = {"SHIPBELL_CLUSTER": "c", "SHIPBELL_SLACK_WEBHOOK_URL": "https://hooks.example.com/x"}

    assert config.load(None, env).slack.channel is None


def test_relative_paths_start_at_the_folder_of_the_file_that_names_them(tmp_path: Path) -> None:
    path = tmp_path / "shipbell.yaml"
    path.write_text("cluster: c\nkubernetes: {kubeconfig: conf/kube}\n")

    assert config.load(path, ENV).kubernetes.kubeconfig == tmp_path / "conf" / "kube"
    from_variable = config.load(path, {**ENV, "SHIPBELL_KUBERNETES_KUBECONFIG": "kube"})
    assert from_variable.kubernetes.kubeconfig == Path("kube")
