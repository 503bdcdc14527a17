"""What Shipbell may do in the cluster, by the API server's own word, before anything is tried.

See https://kubernetes.io/docs/reference/access-authn-authz/authorization/#checking-api-access. Anyone may ask
for their own permissions, so that only a broken connection makes this fail.
"""

from dataclasses import dataclass

import msgspec

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


def needed(namespaces: tuple[str, ...] = (), *, watch: bool = True) -> tuple[Permission, ...]:
    """What Shipbell needs in these namespaces, or, where none is named, in the whole cluster."""
    verbs = ("list", "watch") if watch else ("list",)
    wanted = [(resource, verb) for resource in (resources.DEPLOYMENTS, resources.PODS) for verb in verbs]
    return tuple(
        Permission(verb=verb, resource=resource, namespace=namespace)
        for namespace in namespaces or ("",)
        for resource, verb in [*wanted, (resources.REPLICASETS, "list")]
    )


async def missing(server: transport.Transport, permissions: tuple[Permission, ...]) -> tuple[Permission, ...]:
    """Those that the API server would refuse. Raises `SourceError` where it cannot be asked."""
    return tuple([permission for permission in permissions if not await _is_allowed(server, permission)])


async def _is_allowed(server: transport.Transport, permission: Permission) -> bool:
    answer = await server.post_json(PATH, msgspec.json.encode(_question(permission)))
    return objects.decode(msgspec.json.Decoder(_Review), answer).status.allowed


def _question(permission: Permission) -> dict[str, object]:
    attributes = {
        "verb": permission.verb,
        "group": permission.resource.group,
        "resource": permission.resource.plural,
        "namespace": permission.namespace,
    }
    return {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": attributes},
    }
