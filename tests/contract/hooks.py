"""What schemathesis sends: real photographs where a body is an image, broken ones too; and one more check of answers."""

import base64
import json
from pathlib import Path

import schemathesis
from hypothesis import strategies as st

DEMO = Path(__file__).parents[2] / "demo"
PHOTOGRAPHS = [path.read_bytes() for path in sorted(DEMO.glob("*.jpg"))]
#: Cut, empty, of no format, of a format that is not read.
BROKEN = [PHOTOGRAPHS[0][:5000], b"", b"no image", b"II*\x00" + bytes(16)]
#: Mostly enrolled by the server that is asked, now and then not.
IDENTITIES = ["obama", "obama", "obama", "biden", "nobody"]

images = st.sampled_from(PHOTOGRAPHS + BROKEN)
schemathesis.openapi.format("binary", images)
schemathesis.openapi.format("byte", images.map(lambda image: base64.b64encode(image).decode()))
schemathesis.openapi.media_type("image/*", images)
schemathesis.openapi.media_type("application/octet-stream", images)


@schemathesis.check
def code_is_listed(ctx: schemathesis.CheckContext, response: schemathesis.Response, case: schemathesis.Case) -> None:
    """A problem's code is one of those that the document lists for the route and status."""
    listed = case.operation.definition.raw["responses"].get(str(response.status_code), {}).get("x-codes")
    if listed is not None:
        code = json.loads(response.content)["code"]
        assert code in listed, f"{case.operation.label} answered {response.status_code} with {code}; listed are {listed}"
