"""How the bot gets its updates: polling or webhook."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sandbox.errors import WEBHOOK_ACTIVE, WEBHOOK_SET, bad_request, conflict
from sandbox.methods.registry import Answer, method
from sandbox.webhook import Hook

if TYPE_CHECKING:
    from sandbox.core import Core
    from sandbox.params import Args
    from sandbox.settings import Json

_SECRET = re.compile(r"^[A-Za-z0-9_-]*$")


def _set_allowed(core: Core, args: Args) -> None:
    """A list sets the filter, an empty list the defaults; without it the last one stays."""
    if "allowed_updates" not in args.values:
        return
    allowed = args.structure("allowed_updates", "allowed_updates")
    if isinstance(allowed, list):
        core.updates.allowed = [str(kind).lower() for kind in allowed]


@method("getUpdates")
async def get_updates(core: Core, args: Args) -> list[Json]:
    """Long poll."""
    if core.webhook.hook is not None:
        raise conflict(WEBHOOK_ACTIVE)
    _set_allowed(core, args)
    limit = args.number("limit", 100)
    limit = limit if 1 <= limit <= 100 else 100
    return await core.updates.poll(args.number("offset"), limit, max(0, args.number("timeout")))


@method("setWebhook")
async def set_webhook(core: Core, args: Args) -> Answer:
    """Deliver to this address (plain http and any port, as a local server may)."""
    url = args.text("url")
    if not url:
        return await _remove(core, args)
    hook = _hook(url, args)
    _set_allowed(core, args)
    if args.flag("drop_pending_updates"):
        core.updates.clear()
        core.webhook.clear()
    if core.webhook.hook == hook:
        return Answer(True, "Webhook is already set")
    core.updates.interrupt(conflict(WEBHOOK_SET))
    await core.webhook.set(hook)
    core.events.publish("webhook")
    return Answer(True, "Webhook was set")


def _hook(url: str, args: Args) -> Hook:
    if not url.startswith(("http://", "https://")):
        raise bad_request("bad webhook: An HTTPS URL must be provided for webhook")
    secret = args.text("secret_token")
    if len(secret) > 256:
        raise bad_request("secret token is too long")
    if not _SECRET.match(secret):
        raise bad_request("secret token contains unallowed characters")
    allowed = args.structure("allowed_updates", "allowed_updates") or []
    connections = min(100, max(1, args.number("max_connections", 40)))
    return Hook(url, secret, connections, list(allowed))


@method("deleteWebhook")
async def delete_webhook(core: Core, args: Args) -> Answer:
    """Back to polling."""
    return await _remove(core, args)


async def _remove(core: Core, args: Args) -> Answer:
    if args.flag("drop_pending_updates"):
        core.updates.clear()
        core.webhook.clear()
    if core.webhook.hook is None:
        return Answer(True, "Webhook is already deleted")
    await core.webhook.stop()
    core.events.publish("webhook")
    return Answer(True, "Webhook was deleted")


@method("getWebhookInfo")
async def get_webhook_info(core: Core, args: Args) -> Json:
    """Where updates go, how many wait, and what went wrong last."""
    del args
    core.updates.expire()
    hook = core.webhook.hook
    info: Json = {
        "url": hook.url if hook else "",
        "has_custom_certificate": False,
        "pending_update_count": len(core.updates.pending),
    }
    if hook is not None:
        info["max_connections"] = hook.max_connections
        info["ip_address"] = "127.0.0.1"
        if core.webhook.last_error is not None:
            date, text = core.webhook.last_error
            info |= {"last_error_date": date, "last_error_message": text}
    if core.updates.allowed:
        info["allowed_updates"] = core.updates.allowed
    return info
