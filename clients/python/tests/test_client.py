"""The client against a real server (`FACEWARD_URL`, `FACEWARD_TOKEN`), and against one that is played."""

import asyncio
import inspect
import io
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import unquote

import httpx
import pytest

import faceward
from faceward import _calls

ROOT = Path(__file__).parents[3]
DEMO = ROOT / "demo"
URL, KEY = os.environ["FACEWARD_URL"], os.environ["FACEWARD_TOKEN"]


@pytest.fixture
def client() -> Iterator[faceward.Client]:
    with faceward.Client(URL, key=KEY) as client:
        client.put_identity("python", display_name="Barack Obama")
        yield client
        client.delete_identity("python")


def test_a_person_is_enrolled_verified_listed_and_erased(client: faceward.Client) -> None:
    first = (DEMO / "obama-2009.jpg").read_bytes()
    with (DEMO / "obama-2010.jpg").open("rb") as second:
        report = client.enroll("python", first, second, DEMO / "biden-2010.jpg")
    assert [a["filename"] for a in report["accepted"]] == ["image", "obama-2010.jpg"]
    assert [(r["index"], r["code"]) for r in report["rejected"]] == [(2, "not_same_person")]

    genuine = client.verify(str(DEMO / "obama-2012.jpg"), identity="python", timings=True)
    assert genuine["verdict"] == "real"
    assert genuine["thresholds"]["real"] <= (genuine["score"] or 0)
    assert {"decode", "detector"} <= {t["stage"] for t in genuine["timings"]}
    assert client.verify(io.BytesIO((DEMO / "biden-2010.jpg").read_bytes()), "python")["verdict"] == "different_person"

    negative = client.enroll_negatives("python", DEMO / "biden-2010.jpg", kind="known_fake")["accepted"][0]["reference_id"]
    assert client.negative("python", negative)["kind"] == "known_fake"
    assert [s["id"] for s in client.negatives("python")] == [negative]
    client.delete_negative("python", negative)
    assert client.negatives("python") == []
    references = client.references("python")
    assert client.reference("python", references[0]["id"]) == references[0]
    client.delete_reference("python", references[0]["id"])
    assert client.identity("python")["references"] == 1

    client.put_identity("aside", display_name="Somebody", expires_at="2999-01-01T00:00:00Z")
    assert {"aside", "python"} <= {identity["id"] for identity in client.identities()}
    assert [identity["id"] for identity in client.identities("ASID")] == ["aside"]
    receipt = client.receipt(client.delete_identity("aside"))
    assert (receipt["reason"], receipt["samples"]) == ("requested", 0)
    assert client.ready()["status"] == "ready"


def test_a_case_is_listed_decided_enrolled_and_reported(client: faceward.Client) -> None:
    client.enroll("python", DEMO / "obama-2009.jpg", DEMO / "obama-2010.jpg")
    number = client.verify(DEMO / "obama-2012.jpg", identity="python")["case"]
    assert number
    assert [case["id"] for case in client.cases(identity="python", decision="open")] == [number]
    assert not list(client.cases(identity="python", from_="2999-01-01T00:00:00Z"))
    decision = client.decide(number, decision="confirmed", comment="It is he.")
    assert (decision["decision"], decision["comment"]) == ("confirmed", "It is he.")
    opened = client.case(number)
    assert (opened["answer"]["verdict"], opened["decisions"]) == ("real", [decision])
    assert next(d["confirmed"] for d in client.decisions() if d["verdict"] == "real") >= 1

    with pytest.raises(faceward.ProblemError, match="image_not_kept"):
        client.case_image(number)
    with pytest.raises(faceward.ProblemError, match="image_differs"):
        client.enroll_case(number, "reference", image=DEMO / "obama-2010.jpg")
    added = client.enroll_case(number, "reference", image=DEMO / "obama-2012.jpg")["accepted"]
    assert client.reference("python", added[0]["reference_id"])["image_sha256"] == opened["case"]["image_sha256"]

    assert client.report(number)["details"]["case"]["decision"] == "confirmed"
    page = client.report_page(number)
    assert page.startswith("<!DOCTYPE html>")
    assert "It is he." in page


def test_refusals_are_exceptions_with_their_code(client: faceward.Client) -> None:
    with pytest.raises(faceward.ProblemError) as unknown:
        client.verify(DEMO / "obama-2012.jpg", identity="nobody")
    assert (unknown.value.status, unknown.value.code) == (404, "identity_unknown")
    assert unknown.value.request_id
    with pytest.raises(faceward.ProblemError) as none:
        client.enroll("python", b"no image")
    assert none.value.code == "none_accepted"
    assert none.value.report
    assert none.value.report["rejected"][0]["code"] == "image_format_unsupported"
    reference = client.enroll("python", DEMO / "obama-2009.jpg")["accepted"][0]["reference_id"]
    with pytest.raises(faceward.ProblemError, match="image_not_kept"):
        client.reference_image("python", reference)
    with faceward.Client(URL, key="fw_0_0") as stranger, pytest.raises(faceward.ProblemError) as refused:
        stranger.identity("python")
    assert refused.value.code == "unauthenticated"


def test_what_does_not_answer_is_unreachable() -> None:
    with faceward.Client("http://127.0.0.1:1") as nowhere, pytest.raises(faceward.ServerUnreachable):
        nowhere.ready()


def test_the_asynchronous_client_does_the_same(client: faceward.Client) -> None:
    async def verify() -> tuple[str, list[str]]:
        async with faceward.AsyncClient(URL, key=KEY) as other:
            await other.enroll("python", DEMO / "obama-2009.jpg", DEMO / "obama-2010.jpg")
            answer = await other.verify(DEMO / "obama-2012.jpg", "python")
            return answer["verdict"], [identity["id"] async for identity in other.identities()]

    verdict, ids = asyncio.run(verify())
    assert verdict == "real"
    assert "python" in ids


def test_the_example_sorts_images(client: faceward.Client, tmp_path: Path) -> None:
    client.enroll("python", DEMO / "obama-2009.jpg", DEMO / "obama-2010.jpg")
    shutil.copy(DEMO / "obama-2012.jpg", tmp_path)
    shutil.copy(DEMO / "collins.jpg", tmp_path)
    (tmp_path / "notes.txt").write_text("no image")
    example = Path(__file__).parents[1] / "examples" / "moderation_queue.py"
    subprocess.run([sys.executable, example, URL, tmp_path], check=True)
    assert sorted(p.name for p in (tmp_path / "passed").iterdir()) == ["collins.jpg", "obama-2012.jpg"]
    assert sorted(p.name for p in (tmp_path / "failed").iterdir()) == ["notes.txt", "notes.txt.json"]


def test_both_clients_have_a_method_for_every_route() -> None:
    def methods(of: type) -> dict[str, list[str]]:
        found = {name: method for name, method in vars(of).items() if not name.startswith("_") and name != "close"}
        return {name: list(inspect.signature(method).parameters) for name, method in found.items()}

    assert methods(faceward.Client) == methods(faceward.AsyncClient)
    paths = httpx.get(f"{URL}/openapi.json").json()["paths"]
    routes = {(method.upper(), path) for path, item in paths.items() for method in item if path not in ("/livez", "/metrics")}
    calls = [
        *(_calls.enroll("{id}", (), kind) for kind in (None, "known_fake")),
        *(call("{id}", which, "{sample}") for which in ("references", "negatives") for call in
          (_calls.sample, _calls.delete_sample, _calls.image)),
        *(_calls.samples("{id}", which) for which in ("references", "negatives")),
        _calls.verify(b"", None, {}), _calls.put_identity("{id}", {"display_name": ""}), _calls.identity("{id}"),
        _calls.page(None, 1), _calls.delete_identity("{id}"), _calls.receipt("{id}"), _calls.ready(),
        _calls.case_page(None, 1, {}), _calls.case("{id}"), _calls.case_image("{id}"),
        _calls.decide("{id}", {"decision": "unsure"}), _calls.enroll_case("{id}", "known_fake", None, None),
        _calls.report("{id}"), _calls.report_page("{id}", True), _calls.decisions(),
    ]
    made = {(call.method, unquote(call.path)) for call in calls}
    assert made == routes


def played(answers: list[httpx.Response]) -> faceward.Client:
    return faceward.Client("http://server", transport=httpx.MockTransport(lambda _: answers.pop(0)))


def full(seconds: int, code: str = "overloaded", status: int = 429) -> httpx.Response:
    return httpx.Response(status, headers={"retry-after": str(seconds)}, json={"code": code, "detail": "full"})


def test_a_full_server_is_asked_again_when_it_says(monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    monkeypatch.setattr("time.sleep", pauses.append)
    answers = [full(2), full(3, "upload_memory_full", 503), httpx.Response(200, json={"verdict": "real"})]
    assert played(answers).verify(b"x")["verdict"] == "real"
    assert pauses == [2, 3]
    given_up: list[tuple[httpx.Response, Callable[[faceward.Client], object]]] = [
        (full(31), lambda c: c.verify(b"x")),  # longer than a client waits
        (full(5, "deadline_exceeded", 503), lambda c: c.enroll("a", b"x")),  # may have been carried out
        (httpx.Response(503, json={"code": "store_failed", "detail": ""}), lambda c: c.verify(b"x")),
    ]
    for answer, call in given_up:
        with pytest.raises(faceward.ProblemError):
            call(played([answer]))
    with pytest.raises(faceward.ProblemError):
        played([full(1) for _ in range(6)]).verify(b"x")
    assert len(pauses) == 2 + 5
