"""Tries everything that the settings name, and says of each part what was found and what to do.

Nothing is sent and nothing is written: what cannot be tried without that is said to be not tried.
"""

from dataclasses import dataclass
from pathlib import Path

from shipbell import errors, routing
from shipbell.config import Settings
from shipbell.delivery import answers, remedies, slack, timing
from shipbell.delivery import connecting as wires
from shipbell.service import connecting, telling
from shipbell.sources.kubernetes import access
from shipbell.store import Store

SCOPES = {
    "chat:write": "to post at all",
    "channels:read": "to find public channels by their names",
    "groups:read": "to find private channels by their names",
    "channels:history": "to find a lost message again in a public channel",
    "groups:history": "to find a lost message again in a private channel",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """What was found out about one part."""

    ok: bool | None
    """None where it could not be tried."""
    part: str
    message: str
    remedy: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """All findings, in the order in which messages travel."""

    findings: tuple[Finding, ...]


async def check(settings: Settings) -> Report:
    """Tries the API server, the store, and Slack."""
    parts = [await _cluster(settings), await _store(settings), await _slack(settings)]
    return Report(findings=tuple(finding for part in parts for finding in part))


async def _cluster(settings: Settings) -> list[Finding]:
    needed, useful = connecting.needed(settings), connecting.useful(settings)
    try:
        async with connecting.api_server(settings) as server:
            missing = await access.missing(server, (*needed, *useful))
    except (errors.SourceError, errors.ConfigError) as error:
        remedy = "see kubernetes.kubeconfig and kubernetes.context, or run it in a pod"
        return [Finding(ok=False, part="kubernetes", message=str(error), remedy=remedy)]
    return [
        Finding(ok=True, part="kubernetes", message="the API server answers"),
        *(_permission(permission, missing, without=False) for permission in needed),
        *(_permission(permission, missing, without=None) for permission in useful),
    ]


def _permission(
    permission: access.Permission, missing: tuple[access.Permission, ...], *, without: bool | None
) -> Finding:
    """`without` says how bad it is to be without it."""
    if permission not in missing:
        return Finding(ok=True, part="permissions", message=f"may {permission}")
    less = "" if without is False else ", so that less is said of causes"
    remedy = "grant it by a Role or ClusterRole to the identity that Shipbell runs as"
    return Finding(ok=without, part="permissions", message=f"may not {permission}{less}", remedy=remedy)


async def _store(settings: Settings) -> list[Finding]:
    path = Path(settings.store.url.removeprefix("sqlite:///"))
    if not path.exists():  # noqa: ASYNC240 - a command that does nothing else meanwhile
        return [_missing_store(path)]
    try:
        async with await Store.open(settings.store.url) as store:
            await store.ping()
    except errors.SchemaError as error:
        return [Finding(ok=None, part="store", message=str(error), remedy="the next start upgrades it")]
    except errors.StoreError as error:
        return [Finding(ok=False, part="store", message=str(error), remedy="see store.url")]
    return [Finding(ok=True, part="store", message=f"{path} can be read, and its schema is known")]


def _missing_store(path: Path) -> Finding:
    folder = path.absolute().parent
    if folder.is_dir():
        return Finding(ok=True, part="store", message=f"{path} is not there yet: the first start makes it")
    remedy = "make the folder, or set store.url"
    return Finding(ok=False, part="store", message=f"there is no folder {folder}", remedy=remedy)


async def _slack(settings: Settings) -> list[Finding]:
    found: list[Finding] = []
    for destination in connecting.destinations(settings):
        if destination.sink is routing.Sink.SLACK:
            found += await _workspace(settings, destination.channel)
        else:
            message = "an incoming webhook can only be tried by posting: shipbell test-message does"
            found.append(Finding(ok=None, part="slack webhook", message=message))
    return found


async def _workspace(settings: Settings, channel: str) -> list[Finding]:
    """The token, what it may do, and whether the channel can be found with it."""
    pace = timing.Timing()
    async with wires.open_session(pace) as session:
        calls = telling.slack_calls(settings, session, pace)
        identity = await calls.identify()
        if not isinstance(identity, slack.Identity):
            return [_failed("slack", identity)]
        known = Finding(ok=True, part="slack", message=f"{identity.user} in {identity.team}")
        return [known, *_scopes(identity.scopes), await _channel(calls, channel, identity.scopes)]


def _scopes(scopes: frozenset[str]) -> list[Finding]:
    """Only the first is needed; each of the others does something better."""
    lacking = [scope for scope in SCOPES if scope not in scopes]
    return [
        Finding(
            ok=False if scope == "chat:write" else None,
            part="slack scopes",
            message=f"{scope} is missing, {SCOPES[scope]}",
            remedy="add it to the app under OAuth & Permissions, and install the app again",
        )
        for scope in lacking
    ]


async def _channel(calls: slack.Slack, channel: str, scopes: frozenset[str]) -> Finding:
    if slack.CHANNEL_ID.fullmatch(channel):
        message = f"{channel} is an ID: only a post can tell whether it may be used"
        return Finding(ok=None, part="slack channel", message=message)
    found = await calls.channel_named(channel, scopes)
    if isinstance(found, str):
        return Finding(ok=True, part="slack channel", message=f"{channel} is {found}")
    if found is not None:
        return _failed("slack channel", found)
    if not {"channels:read", "groups:read"} & scopes:
        message = f"{channel} cannot be looked up without channels:read: its name is used as it is"
        return Finding(ok=None, part="slack channel", message=message)
    remedy = "see slack.channel; a private channel needs /invite first"
    return Finding(
        ok=False, part="slack channel", message=f"there is no {channel} that the bot can see", remedy=remedy
    )


def _failed(part: str, answer: answers.Failure) -> Finding:
    return Finding(ok=False, part=part, message=remedies.told(answer), remedy=remedies.remedy(answer))
