"""The examples of the OpenAPI document: what a server really answers to the demo's photographs.

    python tests/contract/examples.py            # fails where a server answers something else
    python tests/contract/examples.py --record   # writes them
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import httpx

from server import DEMO, PROGRAM, ROOT, server

FOLDER = ROOT / "src" / "api" / "openapi" / "examples"
#: A picture of one pixel, to show what the JSON body looks like.
PIXEL = "R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"
#: Relative difference of numbers: networks differ a little between processors.
TOLERANCE = 0.02
#: What is another in every run, or is worded anew.
PASSING = {"id", "reference_id", "subject", "detail", "summary", "text", "queue", "request_id", "case", "key"}


def photographs(*names: str) -> list[tuple[str, tuple[str, bytes]]]:
    return [("image", (name, (DEMO / name).read_bytes())) for name in names]


def record() -> dict[str, Any]:
    """File name to JSON."""
    with server() as running, httpx.Client(base_url=running.url, headers=running.headers, timeout=60) as client:
        one = "/v1/identities/obama"
        fields = {"display_name": "Barack Obama", "consent_basis": "public figure", "expires_at": "2999-12-31T00:00:00Z"}
        found: dict[str, Any] = {"put_identity.request": fields}

        def keep(name: str, method: str, path: str, **request: Any) -> httpx.Response:
            answer = client.request(method, path, **request)
            found[name] = answer.json()
            return answer

        keep("put_identity.201", "PUT", one, json=fields)
        report = photographs("obama-2009.jpg", "obama-2010.jpg", "biden-2010.jpg")
        added = keep("add_references.200", "POST", f"{one}/references", files=report).json()
        keep("add_references.422", "POST", f"{one}/references", files=photographs("obama-2009.jpg"))
        keep("add_negatives.200", "POST", f"{one}/negatives", files=photographs("biden-2010.jpg"))
        keep("list_references.200", "GET", f"{one}/references")
        keep("get_reference.200", "GET", f"{one}/references/{added['accepted'][0]['reference_id']}")
        keep("list_negatives.200", "GET", f"{one}/negatives")
        keep("get_identity.200", "GET", one)
        keep("list_identities.200", "GET", "/v1/identities")
        claim = {"identity": "obama"}
        keep("verify.200.real", "POST", "/v1/verify", data=claim, files=photographs("obama-2012.jpg"))
        case = f"/v1/cases/{found['verify.200.real']['case']}"
        with tempfile.TemporaryDirectory() as folder:
            demo = [PROGRAM, "demo", "--write", folder, "--models", str(ROOT / "models")]
            subprocess.run(demo, check=True, stdout=subprocess.DEVNULL)
            manipulated = [("image", ("manipulated.jpg", (Path(folder) / "manipulated.jpg").read_bytes()))]
        keep("verify.200.fake", "POST", "/v1/verify", data=claim, files=manipulated)
        keep("verify.200.different_person", "POST", "/v1/verify", data=claim, files=photographs("collins.jpg"))
        keep("verify.200.unknown_person", "POST", "/v1/verify", files=photographs("collins.jpg"))
        found["verify.request"] = {"image": PIXEL} | claim
        keep("verify.200.no_face", "POST", "/v1/verify", json=found["verify.request"])
        keep("verify.404", "POST", "/v1/verify", json={"image": PIXEL, "identity": "obame"})
        keep("verify.400", "POST", "/v1/verify?identty=obama", json={"image": PIXEL})
        keep("verify.415", "POST", "/v1/verify", content=b"x", headers={"content-type": "text/plain"})
        keep("verify.422", "POST", "/v1/verify", json={"image": "bm8gaW1hZ2U="})
        keep("verify.401", "POST", "/v1/verify", json={"image": PIXEL}, headers={"authorization": ""})
        decision = {"decision": "confirmed", "comment": "The photograph is in the agency's archive."}
        found["decide_case.request"] = decision
        keep("decide_case.201", "POST", f"{case}/decisions", json=decision)
        keep("list_cases.200", "GET", "/v1/cases?verdict=real")
        keep("get_case.404", "GET", "/v1/cases/019ad9f0-0000-7000-8000-000000000000")
        keep("count_decisions.200", "GET", "/v1/decisions")
        keep("readyz.200", "GET", "/readyz")
        receipt = client.delete(one).headers["erasure-receipt"]
        keep("get_receipt.200", "GET", f"/v1/receipts/{receipt}")
        return found


def differences(written: Any, now: Any, place: str) -> list[str]:
    """Where the two differ in more than numbers' last digits, times and ids."""
    if isinstance(written, dict) and isinstance(now, dict):
        names = [f"{place}: {sorted(written)} and {sorted(now)}"] if written.keys() != now.keys() else []
        return names + [d for key in written.keys() & now.keys() for d in differences(written[key], now[key], f"{place}.{key}")]
    if isinstance(written, list) and isinstance(now, list):
        if len(written) != len(now):
            return [f"{place}: {len(written)} and {len(now)} items"]
        return [d for i, pair in enumerate(zip(written, now, strict=True)) for d in differences(*pair, f"{place}[{i}]")]
    if isinstance(written, float) and isinstance(now, float):
        near = abs(written - now) <= TOLERANCE * max(1.0, abs(written))
        return [] if near else [f"{place}: {written} and {now}"]
    if place.rsplit(".", 1)[-1] in PASSING or place.endswith("_at") or ".versions." in place:
        return [] if type(written) is type(now) else [f"{place}: {written} and {now}"]
    return [] if written == now else [f"{place}: {written} and {now}"]


def main() -> int:
    found = record()
    if "--record" in sys.argv:
        FOLDER.mkdir(exist_ok=True)
        for name, value in found.items():
            (FOLDER / f"{name}.json").write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n")
        return 0
    written = {path.name.removesuffix(".json"): json.loads(path.read_text()) for path in Path(FOLDER).glob("*.json")}
    wrong = [f"{name}: recorded here or there only" for name in sorted(written.keys() ^ found.keys())]
    wrong += [d for name in written.keys() & found.keys() for d in differences(written[name], found[name], name)]
    print("\n".join(wrong) if wrong else f"{len(found)} examples are what the server answers")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
