"""Mail from a mailbox of Microsoft 365 when a task fails, sent as the task's own identity."""

import os
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

import requests
from airflow.sdk import BaseNotifier

from airflow_azure.tokens import EntraToken

SCOPE = "https://graph.microsoft.com/.default"
SEND = "https://graph.microsoft.com/v1.0/users/{}/sendMail"


class MailError(Exception):
    """The mail was not sent; the text says why and what to do."""


class GraphMail(BaseNotifier):
    """A notifier without a password: give it to `on_failure_callback`, also in `default_args`.

    The provider's `MSGraphNotifier` signs in by a client secret or a certificate only. A channel of
    Teams is told by its e-mail address: Graph lets no application post there (learn.microsoft.com:
    "Send chatMessage in a channel", application permissions are for migration).

    Args:
        from_email: the mailbox; Exchange lets the identity send as this one alone ("Role Based
            Access Control for Applications in Exchange Online").
        to: addresses.
        subject: a template, as the next one.
        html_content: the text.
        **kwargs: of Airflow's own notifiers.
    """

    template_fields = ("from_email", "to", "subject", "html_content")

    def __init__(
        self,
        *,
        from_email: str,
        to: str | Iterable[str],
        subject: str = "{{ ti.dag_id }}: {{ ti.task_id }} failed",
        html_content: str = 'Run {{ run_id }}. <a href="{{ ti.log_url }}">Log</a>',
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.from_email = from_email
        self.to = [to] if isinstance(to, str) else list(to)
        self.subject = subject
        self.html_content = html_content

    def notify(self, context: Any) -> None:
        """Send the mail.

        Raises:
            MailError: Graph did not take it.
            PasswordUnavailableError: the identity has no token.
        """
        answer = requests.post(
            SEND.format(quote(self.from_email)),
            headers={"Authorization": f"Bearer {EntraToken(SCOPE, os.environ)()}"},
            json={
                "message": {
                    "subject": self.subject,
                    "body": {"contentType": "HTML", "content": self.html_content},
                    "toRecipients": [{"emailAddress": {"address": each}} for each in self.to],
                },
                "saveToSentItems": False,
            },
            timeout=30,
        )
        if answer.status_code != requests.codes.accepted:
            raise MailError(
                f"Microsoft Graph did not send the mail from {self.from_email}: "
                f"{answer.status_code} {_reason(answer)}. Exchange must let the identity of tasks "
                "send as this mailbox: docs/how-to/authors/tell-somebody.md"
            )


def _reason(answer: requests.Response) -> str:
    try:
        error = answer.json()["error"]
        return f"{error['code']}: {error['message']}".rstrip(".")
    except (ValueError, KeyError, TypeError):
        return answer.text[:200]
