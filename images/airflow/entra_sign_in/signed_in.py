"""Asks who sends a change before its body is read.

FastAPI makes objects of a body first and asks for the session after: one list of 16 MiB, from
somebody without an account, was 400 MB and three seconds in which the API server did nothing else.
Flask reads a whole form to find its token: pages of users and roles take no large one.
"""

from typing import Any

from airflow.api_fastapi.auth.managers.base_auth_manager import COOKIE_NAME_JWT_TOKEN
from airflow.api_fastapi.core_api.security import bearer_scheme, resolve_user_from_token
from fastapi import HTTPException, Request
from fastapi.responses import JSONResponse

CHANGES = frozenset({"POST", "PUT", "PATCH", "DELETE"})
PATHS = ("/api/", "/ui/", "/auth/fab/", "/auth/token")  # that of tasks is closed from outside
FORMS = "/auth/"
LARGEST_FORM = 256 * 1024  # `permissions=12345&` for each of 14,000 permissions of a role


class SignedInFirst:
    """Refuses a change of whoever has no session, with Airflow's own answer, and a large form.

    Args:
        app: what answers all others.
    """

    def __init__(self, app: Any) -> None:
        self._app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer a request, as ASGI calls it."""
        asked = scope["type"] == "http" and scope["method"] in CHANGES
        if asked and scope["path"].startswith(FORMS) and _length(Request(scope)) > LARGEST_FORM:
            answer = JSONResponse({"detail": f"at most {LARGEST_FORM} bytes"}, 413)
            await answer(scope, receive, send)
            return
        if asked and scope["path"].startswith(PATHS):
            try:
                await _user_of(Request(scope))
            except HTTPException as refused:
                answer = JSONResponse({"detail": refused.detail}, refused.status_code)
                await answer(scope, receive, send)
                return
        await self._app(scope, receive, send)


def _length(request: Request) -> int:
    length = request.headers.get("content-length", "")
    return int(length) if length.isdecimal() else 0


async def _user_of(request: Request) -> None:
    """Raise HTTPException where there is no user: a header goes before a cookie, as in Airflow."""
    header = await bearer_scheme(request)
    token = header.credentials if header else request.cookies.get(COOKIE_NAME_JWT_TOKEN)
    await resolve_user_from_token(token)
