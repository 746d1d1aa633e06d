"""Every call of the API as a request and a way to read its answer, without any input or output of its own: the two
clients differ only in how they send."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Generic, TypeVar
from urllib.parse import quote

import httpx

from . import types

T = TypeVar("T")

#: An image: a path, its bytes, or a file that is open for reading in binary.
Image = str | os.PathLike[str] | bytes | bytearray | memoryview | BinaryIO


@dataclass(frozen=True)
class Call(Generic[T]):
    """One request."""

    method: str
    path: str
    read: Callable[[httpx.Response], T]
    #: Arguments of `httpx.Client.request`.
    body: dict[str, Any] = field(default_factory=dict)
    #: Whether the same request can be sent again although the server may have acted on the first.
    repeatable: bool = True


def verify(image: Image, identity: str | None, options: types.VerifyOptions) -> Call[types.Verification]:
    _, content = load(image)
    given = {"identity": identity, **options}
    body = {"content": content, "params": query(given), "headers": {"content-type": "application/octet-stream"}}
    return Call("POST", "/v1/verify", json, body)


def put_identity(identity: str, fields: types.IdentityInput) -> Call[types.Identity]:
    return Call("PUT", of(identity), json, {"json": dict(fields)})


def identity(identity: str) -> Call[types.Identity]:
    return Call("GET", of(identity), json)


def page(cursor: str | None, limit: int, name: str | None = None) -> Call[types.IdentityPage]:
    asked = {"cursor": cursor, "limit": limit, "name": name}
    return Call("GET", "/v1/identities", json, {"params": query(asked)})


def delete_identity(identity: str) -> Call[str]:
    """The answer is the number of the receipt."""
    return Call("DELETE", of(identity), lambda response: str(response.headers["erasure-receipt"]))


def receipt(number: str) -> Call[types.ErasureReceipt]:
    return Call("GET", f"/v1/receipts/{quote(number, safe='')}", json)


def enroll(identity: str, images: tuple[Image, ...], kind: str | None) -> Call[types.EnrollmentReport]:
    parts = [("image", (name, content, "application/octet-stream")) for name, content in map(load, images)]
    if kind is None:
        return Call("POST", of(identity, "references"), json, {"files": parts}, repeatable=False)
    return Call("POST", of(identity, "negatives"), json, {"files": parts, "data": {"kind": kind}}, repeatable=False)


def samples(identity: str, which: str) -> Call[list[types.Sample]]:
    return Call("GET", of(identity, which), json)


def sample(identity: str, which: str, number: str) -> Call[types.Sample]:
    return Call("GET", of(identity, which, number), json)


def delete_sample(identity: str, which: str, number: str) -> Call[None]:
    return Call("DELETE", of(identity, which, number), lambda _: None)


def image(identity: str, which: str, number: str) -> Call[bytes]:
    return Call("GET", of(identity, which, number, "image"), lambda response: response.content)


def case_page(cursor: str | None, limit: int, filters: types.CaseFilters) -> Call[types.CasePage]:
    return Call("GET", "/v1/cases", json, {"params": query({"cursor": cursor, "limit": limit, **filters})})


def case(number: str) -> Call[types.CaseDetails]:
    return Call("GET", of_case(number), json)


def case_image(number: str) -> Call[bytes]:
    return Call("GET", of_case(number, "image"), lambda response: response.content)


def decide(number: str, decision: types.DecisionInput) -> Call[types.CaseDecision]:
    return Call("POST", of_case(number, "decisions"), json, {"json": dict(decision)}, repeatable=False)


def enroll_case(number: str, kind: str, identity: str | None, image: Image | None) -> Call[types.EnrollmentReport]:
    data = {"kind": kind, **({} if identity is None else {"identity": identity})}
    fields: list[tuple[str, tuple[str | None, str | bytes]]] = [(name, (None, text)) for name, text in data.items()]
    if image is not None:
        fields.append(("image", load(image)))
    return Call("POST", of_case(number, "sample"), json, {"files": fields}, repeatable=False)


def report(number: str) -> Call[types.CaseReport]:
    return Call("GET", of_case(number, "report"), json)


def report_page(number: str, picture: bool) -> Call[str]:
    asked = query({"format": "html", "picture": picture})
    return Call("GET", of_case(number, "report"), lambda response: response.text, {"params": asked})


def decisions() -> Call[list[types.VerdictDecisions]]:
    return Call("GET", "/v1/decisions", json)


def ready() -> Call[types.Ready]:
    return Call("GET", "/readyz", json)


def json(response: httpx.Response) -> Any:
    return response.json()


def of(identity: str, *more: str) -> str:
    return "/".join(["/v1/identities", *(quote(part, safe="") for part in (identity, *more))])


def of_case(number: str, *more: str) -> str:
    return "/".join([f"/v1/cases/{quote(number, safe='')}", *more])


def query(given: dict[str, Any]) -> dict[str, str]:
    text = {True: "true", False: "false"}
    return {
        name.removesuffix("_"): text[value] if isinstance(value, bool) else str(value)
        for name, value in given.items()
        if value is not None
    }


def load(image: Image) -> tuple[str, bytes]:
    """The name and the bytes: all of them, so that a request can be sent again."""
    if isinstance(image, (bytes, bytearray, memoryview)):
        return "image", bytes(image)
    if isinstance(image, (str, os.PathLike)):
        return Path(image).name, Path(image).read_bytes()
    name = getattr(image, "name", None)
    return Path(name).name if isinstance(name, str) else "image", image.read()
