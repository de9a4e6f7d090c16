"""The data plane of Key Vault: keys and secrets, with their versions and rotation policies."""

import time
from collections.abc import Mapping

from azure_facts.hosts import VAULT_SUFFIX

from loopback_azure.entra import HOST as LOGIN
from loopback_azure.http_messages import Document, RefusedError, Reply, Request, unknown
from loopback_azure.private_access import check_granted, check_reachable
from loopback_azure.rules.values import digest
from loopback_azure.store import Store

_VAULT = "Microsoft.KeyVault/vaults"


class Vaults:
    """Answers the calls to every vault; what it keeps lies in the store, below the vault's URL."""

    def __init__(self, store: Store, tenant: str, late_roles: float = 0) -> None:
        self._store = store
        self._tenant = tenant
        self._late_roles = late_roles

    def __call__(self, request: Request) -> Reply:
        """Answer one call."""
        if not request.headers.get("authorization", "").startswith("Bearer "):
            where = f"https://{LOGIN}/{self._tenant}"
            challenge = f'Bearer authorization="{where}", resource="https://vault.azure.net"'
            raise RefusedError(
                401, "Unauthorized", "sign in first", headers={"WWW-Authenticate": challenge}
            )
        with self._store.lock:
            vault = request.host.removesuffix(VAULT_SUFFIX)
            check_reachable(vault, "vault", _VAULT, self._store)
            check_granted(vault, _VAULT, self._store, self._late_roles)
            base = f"https://{request.host}"
            match [request.method, *request.path.strip("/").split("/")]:
                case ["PUT", "secrets", name]:
                    return self._new_secret(base, name, request.document)
                case ["POST", "keys", name, "create"]:
                    return self._new_key(base, name, request.document)
                case ["GET", ("keys" | "secrets") as kind, name, *version]:
                    if version == ["rotationpolicy"]:
                        return Reply(document=self._found(f"{base}/{kind}/{name}/rotationpolicy"))
                    return self._get(f"{base}/{kind}/{name}", version)
                case ["PUT", "keys", name, "rotationpolicy"]:
                    return self._rotate(f"{base}/keys/{name}", request.document)
                case ["PATCH", ("keys" | "secrets") as kind, name, *version]:
                    return self._change(f"{base}/{kind}/{name}", version, request.document)
                case ["GET", "certificates", "contacts"]:
                    raise RefusedError(404, "ContactsNotFound", "the vault has no contacts")
                case ["DELETE", ("keys" | "secrets") as kind, name]:
                    return self._delete(base, kind, name)
                case ["GET", ("deletedkeys" | "deletedsecrets") as kind, name]:
                    return Reply(document=self._found(f"{base}/{kind}/{name}"))
        raise unknown(request)

    def _new_secret(self, base: str, name: str, asked: Document) -> Reply:
        own = f"{base}/secrets/{name}"
        return self._version(own, {**asked, "id": ""})

    def _new_key(self, base: str, name: str, asked: Document) -> Reply:
        bits = asked.get("key_size", 2048)
        # a modulus of the right length; nothing is ever encrypted with it
        modulus = "v" + "A" * (-(-bits // 6) - 1)
        key = {
            "kty": asked["kty"],
            "key_ops": asked.get("key_ops", []),
            "n": modulus[: -(-bits // 6)],
            "e": "AQAB",
        }
        body = {k: v for k, v in asked.items() if k in ("attributes", "tags")}
        return self._version(f"{base}/keys/{name}", {**body, "key": key})

    def _version(self, own: str, body: Document) -> Reply:
        """Keep a new version, which is the current one."""
        count = len(list(self._store.under(own)))
        version = digest(f"{own}/{count}")[:32]
        now = int(time.time())
        body["attributes"] = {
            "enabled": True,
            "created": now,
            "updated": now,
            "recoveryLevel": "Recoverable",
            **(body.get("attributes") or {}),
        }
        if "key" in body:
            body["key"]["kid"] = f"{own}/{version}"
        else:
            body["id"] = f"{own}/{version}"
        self._keep(own, version, body)
        return Reply(document=body)

    def _keep(self, own: str, version: str, body: Document) -> None:
        self._store.put(f"{own}/{version}", {"id": f"{own}/{version}", "body": body})
        self._store.put(own, {"id": own, "body": body})

    def _get(self, own: str, version: list[str]) -> Reply:
        return Reply(document=self._found("/".join([own, *filter(None, version)])))

    def _change(self, own: str, version: list[str], asked: Mapping[str, object]) -> Reply:
        body = self._found(own)
        attributes = {**body["attributes"], **(asked.get("attributes") or {})}  # type: ignore[dict-item] # JSON of the provider
        body |= {**asked, "attributes": attributes}
        if "key_ops" in asked:
            body["key"]["key_ops"] = body.pop("key_ops")
        address = body["key"]["kid"] if "key" in body else body["id"]
        self._keep(own, address.rsplit("/", 1)[1], body)
        return Reply(document=body)

    def _rotate(self, key: str, asked: Document) -> Reply:
        self._found(key)
        own = f"{key}/rotationpolicy"
        self._store.put(own, {"id": own, "body": {"id": own, **asked}})
        return Reply(document={"id": own, **asked})

    def _delete(self, base: str, kind: str, name: str) -> Reply:
        own, grave = f"{base}/{kind}/{name}", f"{base}/deleted{kind}/{name}"
        body = {**self._found(own), "recoveryId": grave}
        self._store.delete(own)
        self._store.put(grave, {"id": grave, "body": body})
        return Reply(document=body)

    def _found(self, resource: str) -> Document:
        found = self._store.get(resource)
        if found is None:
            kind = "KeyNotFound" if "/keys/" in resource else "SecretNotFound"
            raise RefusedError(404, kind, f"{resource} was not found in this key vault")
        body: Document = found["body"]
        return body
