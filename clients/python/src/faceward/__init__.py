"""Client of a faceward server.

    with faceward.Client("https://faceward.example", key="fw_…") as client:
        client.put_identity("jane.doe", display_name="Jane Doe")
        client.enroll("jane.doe", "one.jpg", "two.jpg")
        answer = client.verify("suspicious.jpg", identity="jane.doe")
        print(answer["verdict"], answer["explanation"]["summary"])
"""

from . import types
from ._calls import Image
from ._client import AsyncClient, Client
from ._errors import FacewardError, ProblemError, ServerUnreachable

__all__ = ["AsyncClient", "Client", "FacewardError", "Image", "ProblemError", "ServerUnreachable", "types"]
