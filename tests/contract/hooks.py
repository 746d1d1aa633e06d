"""What schemathesis sends: real photographs where a body is an image, broken ones too; and one more check of answers."""

import base64
import json
import re
import zlib
from pathlib import Path

import schemathesis
from hypothesis import strategies as st

DEMO = Path(__file__).parents[2] / "demo"
PHOTOGRAPHS = [(DEMO / name).read_bytes() for name in ("obama-2012.jpg", "biden-2010.jpg", "collins.jpg")]
#: Cut, empty, of no format, of a format that is not read.
BROKEN = [PHOTOGRAPHS[0][:5000], b"", b"no image", b"II*\x00" + bytes(16)]
#: Mostly enrolled by the server that is asked, now and then not.
IDENTITIES = ["obama", "obama", "obama", "biden", "nobody"]

images = st.sampled_from(PHOTOGRAPHS + BROKEN)
schemathesis.openapi.format("binary", images)
schemathesis.openapi.format("byte", images.map(lambda image: base64.b64encode(image).decode()))
schemathesis.openapi.media_type("image/*", images)
schemathesis.openapi.media_type("application/octet-stream", images)




def known(value: object) -> object:
    """The id of an identity that the server has, mostly, for a well-formed one that was made up."""
    if not isinstance(value, str) or not re.fullmatch(r"[a-z0-9][a-z0-9._-]{0,63}", value):
        return value
    return IDENTITIES[zlib.crc32(value.encode()) % len(IDENTITIES)]


def with_known(context: schemathesis.HookContext, given: object, name: str) -> object:
    # Who is erased is made up, so that the others remain.
    if context.operation.label == "DELETE /v1/identities/{id}" or not isinstance(given, dict) or name not in given:
        return given
    return given | {name: known(given[name])}


@schemathesis.hook
def map_path_parameters(context: schemathesis.HookContext, path_parameters: object) -> object:
    if "/v1/cases/" in context.operation.label:
        return path_parameters
    return with_known(context, path_parameters, "id")


@schemathesis.hook
def map_query(context: schemathesis.HookContext, query: object) -> object:
    return with_known(context, query, "identity")


@schemathesis.hook
def map_body(context: schemathesis.HookContext, body: object) -> object:
    return with_known(context, body, "identity")


@schemathesis.check
def code_is_listed(ctx: schemathesis.CheckContext, response: schemathesis.Response, case: schemathesis.Case) -> None:
    """A problem's code is one of those that the document lists for the route and status."""
    listed = case.operation.definition.raw["responses"].get(str(response.status_code), {}).get("x-codes")
    if listed is not None:
        code = json.loads(response.content)["code"]
        assert code in listed, f"{case.operation.label} answered {response.status_code} with {code}; listed are {listed}"
