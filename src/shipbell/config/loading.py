"""Reads the configuration: gathers the sources, checks the values, and reports every mistake at once.

flag > environment > file > default. Nothing is cached and nothing is global: the caller passes the
environment in and gets a frozen value back.
"""

from collections.abc import Mapping
from pathlib import Path

from pydantic import ValidationError

from shipbell import errors
from shipbell.config import problems, yamls
from shipbell.config.gathering import Gathering
from shipbell.config.settings import Settings


def load(path: Path | None, env: Mapping[str, str], flags: tuple[str, ...] = ()) -> Settings:
    """The settings. Raises `ConfigError` with all mistakes, one line each.

    `path` is None where everything comes from the environment; `flags` are `name=value`.
    """
    gathering = Gathering(file=str(path) if path else "")
    if path is not None:
        gathering.add_document(yamls.read(path), path.parent)
    gathering.add_environment(env)
    gathering.add_flags(flags)
    gathering.read_secret_files()
    settings = _validate(gathering)
    _check_slack(gathering)
    _check_hook(gathering)
    if settings is None or gathering.problems:
        raise errors.ConfigError(gathering.complaints())
    return settings


def _validate(gathering: Gathering) -> Settings | None:
    try:
        return Settings.model_validate(gathering.values)
    except ValidationError as error:
        for detail in error.errors():
            place = detail["loc"]
            if detail["type"] == "extra_forbidden":
                gathering.complain(place, problems.unknown_key(place))
            else:
                gathering.complain(place, problems.explain(detail))
    return None


def _check_slack(gathering: Gathering) -> None:
    bot = gathering.has_secret("slack", "token")
    if bot and gathering.get(("slack", "channel")) is None:
        remedy = 'name it in quotes, "#deployments", because a bare # begins a comment'
        gathering.complain(("slack", "channel"), f"is required with a bot token; {remedy}")
    if not bot and not gathering.has_secret("slack", "webhook_url"):
        remedy = "set token_file, SHIPBELL_SLACK_TOKEN, webhook_url_file or SHIPBELL_SLACK_WEBHOOK_URL"
        gathering.complain(("slack",), f"has neither a bot token nor a webhook's URL; {remedy}")


def _check_hook(gathering: Gathering) -> None:
    user = gathering.get(("web", "hook", "user"))
    password = gathering.has_secret("web", "hook", "password")
    if user is not None and not password:
        remedy = "set web.hook.password_file or SHIPBELL_WEB_HOOK_PASSWORD"
        gathering.complain(("web", "hook", "user"), f"has no password; {remedy}")
    if password and user is None:
        gathering.complain(("web", "hook", "user"), "is required with a password; set it too")
