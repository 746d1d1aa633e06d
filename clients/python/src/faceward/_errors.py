"""What goes wrong: one exception per kind of failure, and the server's code on the one that it sends."""

from __future__ import annotations

from typing import Any

import httpx

from .types import EnrollmentReport


class FacewardError(Exception):
    """Base of every error of this package."""


class ServerUnreachable(FacewardError):
    """No answer arrived: the server was not reached, or the connection broke."""


class ProblemError(FacewardError):
    """The server refused or failed. Match on `code`; `detail` is for a person (docs/errors.md lists the codes)."""

    def __init__(self, response: httpx.Response) -> None:
        body = _problem(response)
        self.status = response.status_code
        #: The stable code, for example `identity_unknown`; `http_NNN` where another program answered.
        self.code = str(body.get("code", f"http_{response.status_code}"))
        #: What is wrong and what to do about it.
        self.detail = str(body.get("detail", response.reason_phrase))
        #: What became of each image, where an enrollment accepted none.
        self.report: EnrollmentReport | None = body.get("report")
        #: The number under which the server's log has the request.
        self.request_id = response.headers.get("x-request-id")
        #: Seconds after which the server asks to try again; `None` where it does not.
        self.retry_after = retry_after(response)
        super().__init__(f"{self.code}: {self.detail}")


def retry_after(response: httpx.Response) -> float | None:
    value = response.headers.get("retry-after", "")
    return float(value) if value.isdigit() else None


def _problem(response: httpx.Response) -> dict[str, Any]:
    try:
        body = response.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}
