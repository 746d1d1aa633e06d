"""The two clients."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from types import TracebackType
from typing import Any, Literal, TypeVar, Unpack

import httpx

from . import _calls, types
from ._calls import Call, Image
from ._errors import ProblemError, ServerUnreachable

T = TypeVar("T")
Negative = Literal["not_this_person", "known_fake"]

#: Identities per request of a list.
PAGE = 500


def _wait(problem: ProblemError, call: Call[Any], attempt: int, retries: int, longest: float) -> float | None:
    """Seconds after which to send the call again; `None` to give up."""
    # A request that took too long may have been carried out.
    lost = problem.code == "deadline_exceeded" and not call.repeatable
    if problem.status not in (429, 503) or problem.retry_after is None or lost or attempt >= retries:
        return None
    return problem.retry_after if problem.retry_after <= longest else None


class _Base:
    def __init__(self, url: str, key: str | None, timeout: float, retries: int, longest_wait: float) -> None:
        self._retries, self._longest_wait = retries, longest_wait
        headers = {"authorization": f"Bearer {key}"} if key else {}
        self._settings = {"base_url": url, "headers": headers, "timeout": timeout}

    def _pause(self, response: httpx.Response, call: Call[T], attempt: int) -> float | None:
        """`None` for an answer; seconds to wait where the call is to be sent again."""
        if response.is_success:
            return None
        problem = ProblemError(response)
        pause = _wait(problem, call, attempt, self._retries, self._longest_wait)
        if pause is None:
            raise problem
        return pause


class Client(_Base):
    """A client that blocks.

    `key` is an API key; `retries` says how often a request is sent again where the server is full and says when to come
    back, if that is within `longest_wait` seconds. `http` takes further arguments of `httpx.Client`, such as `verify`.
    """

    def __init__(
        self,
        url: str,
        *,
        key: str | None = None,
        timeout: float = 60.0,
        retries: int = 5,
        longest_wait: float = 30.0,
        **http: object,
    ) -> None:
        super().__init__(url, key, timeout, retries, longest_wait)
        self._http = httpx.Client(**self._settings, **http)  # type: ignore[arg-type]

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connections."""
        self._http.close()

    def _run(self, call: Call[T]) -> T:
        attempt = 0
        while True:
            try:
                response = self._http.request(call.method, call.path, **call.body)
            except httpx.TransportError as cause:
                raise ServerUnreachable(f"{self._http.base_url}: {cause or type(cause).__name__}") from cause
            pause = self._pause(response, call, attempt)
            if pause is None:
                return call.read(response)
            time.sleep(pause)
            attempt += 1

    def verify(
        self, image: Image, identity: str | None = None, **options: Unpack[types.VerifyOptions]
    ) -> types.Verification:
        """Verifies an image against `identity`; without it, everybody enrolled is searched."""
        return self._run(_calls.verify(image, identity, options))

    def put_identity(self, identity: str, **fields: Unpack[types.IdentityInput]) -> types.Identity:
        """Creates an identity, or replaces all its fields."""
        return self._run(_calls.put_identity(identity, fields))

    def identity(self, identity: str) -> types.Identity:
        """One identity."""
        return self._run(_calls.identity(identity))

    def identities(self, name: str | None = None) -> Iterator[types.Identity]:
        """All identities, sorted by id; with `name`, those whose display name or id contains it."""
        cursor: str | None = None
        while True:
            page = self._run(_calls.page(cursor, PAGE, name))
            yield from page["identities"]
            cursor = page["next_cursor"]
            if cursor is None:
                return

    def delete_identity(self, identity: str) -> str:
        """Erases an identity with everything enrolled of it; returns the number of the receipt."""
        return self._run(_calls.delete_identity(identity))

    def receipt(self, number: str) -> types.ErasureReceipt:
        """The receipt of an erasure."""
        return self._run(_calls.receipt(number))

    def enroll(self, identity: str, *images: Image) -> types.EnrollmentReport:
        """Enrolls photographs of the identity; `ProblemError` with a `report` where none is accepted."""
        return self._run(_calls.enroll(identity, images, None))

    def enroll_negatives(self, identity: str, *images: Image, kind: Negative = "not_this_person") -> types.EnrollmentReport:
        """Enrolls images that do not show the identity, or are known fakes of it."""
        return self._run(_calls.enroll(identity, images, kind))

    def references(self, identity: str) -> list[types.Sample]:
        """The references of an identity."""
        return self._run(_calls.samples(identity, "references"))

    def negatives(self, identity: str) -> list[types.Sample]:
        """The negatives of an identity."""
        return self._run(_calls.samples(identity, "negatives"))

    def reference(self, identity: str, reference: str) -> types.Sample:
        """One reference."""
        return self._run(_calls.sample(identity, "references", reference))

    def negative(self, identity: str, negative: str) -> types.Sample:
        """One negative."""
        return self._run(_calls.sample(identity, "negatives", negative))

    def delete_reference(self, identity: str, reference: str) -> None:
        """Deletes a reference."""
        self._run(_calls.delete_sample(identity, "references", reference))

    def delete_negative(self, identity: str, negative: str) -> None:
        """Deletes a negative."""
        self._run(_calls.delete_sample(identity, "negatives", negative))

    def reference_image(self, identity: str, reference: str) -> bytes:
        """The image of a reference as it was sent, where the server keeps images."""
        return self._run(_calls.image(identity, "references", reference))

    def negative_image(self, identity: str, negative: str) -> bytes:
        """The image of a negative as it was sent, where the server keeps images."""
        return self._run(_calls.image(identity, "negatives", negative))

    def cases(self, **filters: Unpack[types.CaseFilters]) -> Iterator[types.CaseSummary]:
        """The cases that the filters let pass, the latest first."""
        cursor: str | None = None
        while True:
            page = self._run(_calls.case_page(cursor, PAGE, filters))
            yield from page["cases"]
            cursor = page["next_cursor"]
            if cursor is None:
                return

    def case(self, case: str) -> types.CaseDetails:
        """Opens a case: the whole answer, and every decision."""
        return self._run(_calls.case(case))

    def case_image(self, case: str) -> bytes:
        """The image of a case as it was sent, where the server keeps it."""
        return self._run(_calls.case_image(case))

    def decide(self, case: str, **decision: Unpack[types.DecisionInput]) -> types.CaseDecision:
        """Decides a case: `decision` is `confirmed`, `overturned` or `unsure`."""
        return self._run(_calls.decide(case, decision))

    def enroll_case(
        self, case: str, kind: types.SampleKind, *, identity: str | None = None, image: Image | None = None
    ) -> types.EnrollmentReport:
        """Enrolls the image of a case, for `identity` or for the case's own; `image` is needed where it is not kept."""
        return self._run(_calls.enroll_case(case, kind, identity, image))

    def report(self, case: str) -> types.CaseReport:
        """The report on a case."""
        return self._run(_calls.report(case))

    def report_page(self, case: str, *, picture: bool = True) -> str:
        """The report on a case as a page to print (HTML); with the picture, where it is kept and wanted."""
        return self._run(_calls.report_page(case, picture))

    def decisions(self) -> list[types.VerdictDecisions]:
        """How often reviewers confirmed and overturned each verdict."""
        return self._run(_calls.decisions())

    def ready(self) -> types.Ready:
        """Whether the server is ready, with its versions."""
        return self._run(_calls.ready())


class AsyncClient(_Base):
    """The same for asyncio."""

    def __init__(
        self,
        url: str,
        *,
        key: str | None = None,
        timeout: float = 60.0,
        retries: int = 5,
        longest_wait: float = 30.0,
        **http: object,
    ) -> None:
        super().__init__(url, key, timeout, retries, longest_wait)
        self._http = httpx.AsyncClient(**self._settings, **http)  # type: ignore[arg-type]

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        await self.close()

    async def close(self) -> None:
        """Closes the connections."""
        await self._http.aclose()

    async def _run(self, call: Call[T]) -> T:
        attempt = 0
        while True:
            try:
                response = await self._http.request(call.method, call.path, **call.body)
            except httpx.TransportError as cause:
                raise ServerUnreachable(f"{self._http.base_url}: {cause or type(cause).__name__}") from cause
            pause = self._pause(response, call, attempt)
            if pause is None:
                return call.read(response)
            await asyncio.sleep(pause)
            attempt += 1

    async def verify(
        self, image: Image, identity: str | None = None, **options: Unpack[types.VerifyOptions]
    ) -> types.Verification:
        """Verifies an image against `identity`; without it, everybody enrolled is searched."""
        return await self._run(_calls.verify(image, identity, options))

    async def put_identity(self, identity: str, **fields: Unpack[types.IdentityInput]) -> types.Identity:
        """Creates an identity, or replaces all its fields."""
        return await self._run(_calls.put_identity(identity, fields))

    async def identity(self, identity: str) -> types.Identity:
        """One identity."""
        return await self._run(_calls.identity(identity))

    async def identities(self, name: str | None = None) -> AsyncIterator[types.Identity]:
        """All identities, sorted by id; with `name`, those whose display name or id contains it."""
        cursor: str | None = None
        while True:
            page = await self._run(_calls.page(cursor, PAGE, name))
            for found in page["identities"]:
                yield found
            cursor = page["next_cursor"]
            if cursor is None:
                return

    async def delete_identity(self, identity: str) -> str:
        """Erases an identity with everything enrolled of it; returns the number of the receipt."""
        return await self._run(_calls.delete_identity(identity))

    async def receipt(self, number: str) -> types.ErasureReceipt:
        """The receipt of an erasure."""
        return await self._run(_calls.receipt(number))

    async def enroll(self, identity: str, *images: Image) -> types.EnrollmentReport:
        """Enrolls photographs of the identity; `ProblemError` with a `report` where none is accepted."""
        return await self._run(_calls.enroll(identity, images, None))

    async def enroll_negatives(
        self, identity: str, *images: Image, kind: Negative = "not_this_person"
    ) -> types.EnrollmentReport:
        """Enrolls images that do not show the identity, or are known fakes of it."""
        return await self._run(_calls.enroll(identity, images, kind))

    async def references(self, identity: str) -> list[types.Sample]:
        """The references of an identity."""
        return await self._run(_calls.samples(identity, "references"))

    async def negatives(self, identity: str) -> list[types.Sample]:
        """The negatives of an identity."""
        return await self._run(_calls.samples(identity, "negatives"))

    async def reference(self, identity: str, reference: str) -> types.Sample:
        """One reference."""
        return await self._run(_calls.sample(identity, "references", reference))

    async def negative(self, identity: str, negative: str) -> types.Sample:
        """One negative."""
        return await self._run(_calls.sample(identity, "negatives", negative))

    async def delete_reference(self, identity: str, reference: str) -> None:
        """Deletes a reference."""
        await self._run(_calls.delete_sample(identity, "references", reference))

    async def delete_negative(self, identity: str, negative: str) -> None:
        """Deletes a negative."""
        await self._run(_calls.delete_sample(identity, "negatives", negative))

    async def reference_image(self, identity: str, reference: str) -> bytes:
        """The image of a reference as it was sent, where the server keeps images."""
        return await self._run(_calls.image(identity, "references", reference))

    async def negative_image(self, identity: str, negative: str) -> bytes:
        """The image of a negative as it was sent, where the server keeps images."""
        return await self._run(_calls.image(identity, "negatives", negative))

    async def cases(self, **filters: Unpack[types.CaseFilters]) -> AsyncIterator[types.CaseSummary]:
        """The cases that the filters let pass, the latest first."""
        cursor: str | None = None
        while True:
            page = await self._run(_calls.case_page(cursor, PAGE, filters))
            for found in page["cases"]:
                yield found
            cursor = page["next_cursor"]
            if cursor is None:
                return

    async def case(self, case: str) -> types.CaseDetails:
        """Opens a case: the whole answer, and every decision."""
        return await self._run(_calls.case(case))

    async def case_image(self, case: str) -> bytes:
        """The image of a case as it was sent, where the server keeps it."""
        return await self._run(_calls.case_image(case))

    async def decide(self, case: str, **decision: Unpack[types.DecisionInput]) -> types.CaseDecision:
        """Decides a case: `decision` is `confirmed`, `overturned` or `unsure`."""
        return await self._run(_calls.decide(case, decision))

    async def enroll_case(
        self, case: str, kind: types.SampleKind, *, identity: str | None = None, image: Image | None = None
    ) -> types.EnrollmentReport:
        """Enrolls the image of a case, for `identity` or for the case's own; `image` is needed where it is not kept."""
        return await self._run(_calls.enroll_case(case, kind, identity, image))

    async def report(self, case: str) -> types.CaseReport:
        """The report on a case."""
        return await self._run(_calls.report(case))

    async def report_page(self, case: str, *, picture: bool = True) -> str:
        """The report on a case as a page to print (HTML); with the picture, where it is kept and wanted."""
        return await self._run(_calls.report_page(case, picture))

    async def decisions(self) -> list[types.VerdictDecisions]:
        """How often reviewers confirmed and overturned each verdict."""
        return await self._run(_calls.decisions())

    async def ready(self) -> types.Ready:
        """Whether the server is ready, with its versions."""
        return await self._run(_calls.ready())
