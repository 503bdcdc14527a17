"""What Shipbell may do in the cluster, by the API server's own word, before anything is tried.

See https://kubernetes.io/docs/reference/access-authn-authz/authorization/#checking-api-access. Anyone may ask
for their own permissions, so that only a broken connection makes this fail.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import msgspec

from shipbell.sources.kubernetes import kinds as workloads
from shipbell.sources.kubernetes import objects, resources, transport

PATH = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"


@dataclass(frozen=True, kw_only=True, slots=True)
class Permission:
    """A verb on a resource, in a namespace or (empty) in all of them."""

    verb: str
    resource: resources.Resource
    namespace: str = ""

    def __str__(self) -> str:
        """`watch deployments.apps in namespace shop`, as a message to whoever can grant it."""
        where = f"namespace {self.namespace}" if self.namespace else "all namespaces"
        return f"{self.verb} {self.resource.name} in {where}"


class _Verdict(msgspec.Struct):
    allowed: bool = False


class _Review(msgspec.Struct):
    status: _Verdict = msgspec.field(default_factory=_Verdict)


def needed(
    kinds: Iterable[str], namespaces: tuple[str, ...] = (), *, watch: bool = True
) -> tuple[Permission, ...]:
    """What Shipbell cannot do without to tell of these kinds in these namespaces (none: in the cluster)."""
    verbs = ("list", "watch") if watch else ("list",)
    followed = (
        *(workloads.ALL[kind].resource for kind in dict.fromkeys(map(_observed, kinds))),
        resources.PODS,
    )
    wanted = [(resource, verb) for resource in followed for verb in verbs]
    return _in_each(namespaces, [*wanted, *((resource, "list") for resource in _histories(kinds))])


def useful(
    namespaces: tuple[str, ...] = (), *, watch: bool = True, logs: bool = False
) -> tuple[Permission, ...]:
    """What Shipbell does without if need be: then it says less of causes."""
    verbs = ("list", "watch") if watch else ("list",)
    wanted = [(resources.EVENTS, verb) for verb in verbs]
    return _in_each(namespaces, [*wanted, (resources.POD_LOGS, "get")] if logs else wanted)


def _observed(kind: str) -> str:
    """CronJobs are seen by their Jobs."""
    return resources.JOBS.kind if kind == resources.CRONJOBS.kind else kind


def _histories(kinds: Iterable[str]) -> list[resources.Resource]:
    kept = (workloads.ALL[_observed(kind)].history for kind in kinds)
    return list(dict.fromkeys(history.format_().resource for history in kept if history is not None))


def _in_each(
    namespaces: tuple[str, ...], wanted: list[tuple[resources.Resource, str]]
) -> tuple[Permission, ...]:
    return tuple(
        Permission(verb=verb, resource=resource, namespace=namespace)
        for namespace in namespaces or ("",)
        for resource, verb in wanted
    )


async def missing(server: transport.Transport, permissions: tuple[Permission, ...]) -> tuple[Permission, ...]:
    """Those that the API server would refuse. Raises `SourceError` where it cannot be asked."""
    return tuple([permission for permission in permissions if not await is_granted(server, permission)])


async def is_granted(server: transport.Transport, permission: Permission) -> bool:
    """The API server's word on one. Raises `SourceError` where it cannot be asked."""
    answer = await server.post_json(PATH, msgspec.json.encode(_question(permission)))
    return objects.decode(msgspec.json.Decoder(_Review), answer).status.allowed


def _question(permission: Permission) -> dict[str, object]:
    resource, _, subresource = permission.resource.plural.partition("/")
    attributes = {
        "verb": permission.verb,
        "group": permission.resource.group,
        "resource": resource,
        "subresource": subresource,
        "namespace": permission.namespace,
    }
    return {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": attributes},
    }
