"""A client made by openapi-python-client enrolls and verifies."""

import os
from io import BytesIO
from pathlib import Path

from faceward_client import AuthenticatedClient
from faceward_client.api.identities import delete_identity, put_identity
from faceward_client.api.receipts import get_receipt
from faceward_client.api.references import add_references
from faceward_client.api.verify import verify
from faceward_client.models import (
    EnrollmentReport,
    ErasureReceipt,
    IdentityInput,
    ImagesForm,
    Problem,
    Verdict,
    Verification,
    VerifyForm,
)
from faceward_client.types import File

DEMO = Path(os.environ["FACEWARD_DEMO"])


def photograph(name: str) -> File:
    return File(BytesIO((DEMO / name).read_bytes()), name, "image/jpeg")


client = AuthenticatedClient(os.environ["FACEWARD_URL"], os.environ["FACEWARD_TOKEN"])
made = put_identity.sync_detailed("generated", client=client, body=IdentityInput("Barack Obama"))
assert made.status_code == 201, made

images = ImagesForm([photograph("obama-2009.jpg"), photograph("obama-2010.jpg")])
report = add_references.sync("generated", client=client, body=images)
assert isinstance(report, EnrollmentReport), report
assert [accepted.index for accepted in report.accepted] == [0, 1]

for name, verdict in [("obama-2012.jpg", Verdict.REAL), ("collins.jpg", Verdict.DIFFERENT_PERSON)]:
    answer = verify.sync(client=client, body=VerifyForm(photograph(name), identity="generated"))
    assert isinstance(answer, Verification), answer
    assert answer.verdict == verdict, (name, answer.verdict)
    assert answer.faces[0].bbox.width > 0
    assert answer.thresholds.fake < answer.thresholds.real

# The bare image, with the claim in the query; and a search.
for claim in [{"identity": "generated"}, {}]:
    answer = verify.sync(client=client, body=photograph("obama-2012.jpg"), **claim)
    assert isinstance(answer, Verification), answer
    assert answer.verdict == Verdict.REAL

refused = verify.sync(client=client, body=VerifyForm(photograph("collins.jpg"), identity="nobody"))
assert isinstance(refused, Problem), refused
assert refused.code == "identity_unknown", refused

number = delete_identity.sync_detailed("generated", client=client).headers["erasure-receipt"]
receipt = get_receipt.sync(number, client=client)
assert isinstance(receipt, ErasureReceipt), receipt
assert receipt.samples == 2
print("a Python client enrolls, verifies and erases")
