"""A moderation queue: every image that arrives in a folder is verified and moved.

    python moderation_queue.py http://127.0.0.1:8080 uploads

Images of nobody enrolled, and genuine ones, go to `passed`. A fake, and whatever is undecided, goes to `review` with the
answer beside it as JSON. What is no readable image goes to `failed`. `FACEWARD_TOKEN` may hold an API key with the scope
`verify`. It ends when the folder is empty; `--watch` keeps it running.
"""

import argparse
import asyncio
import json
import os
from pathlib import Path

import faceward

PASSES = {"real", "unknown_person", "no_face"}
#: Requests at the same time: about as many as the server has threads.
AT_ONCE = 4


async def judge(client: faceward.AsyncClient, image: Path) -> str:
    """Verifies one image and moves it; returns the folder."""
    try:
        answer = await client.verify(image)
    except faceward.ProblemError as problem:
        # The image is at fault. Anything else, such as a key that expired, must stop the queue.
        if not problem.code.startswith("image_"):
            raise
        return move(image, "failed", {"code": problem.code, "detail": problem.detail})
    if answer["verdict"] in PASSES:
        return move(image, "passed", None)
    return move(image, "review", answer)


def move(image: Path, where: str, why: object) -> str:
    folder = image.parent / where
    folder.mkdir(exist_ok=True)
    if why is not None:
        (folder / f"{image.name}.json").write_text(json.dumps(why, indent=1))
    image.rename(folder / image.name)
    return where


async def work(client: faceward.AsyncClient, queue: asyncio.Queue[Path]) -> None:
    while not queue.empty():
        image = queue.get_nowait()
        print(image.name, await judge(client, image))


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("server")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--watch", action="store_true")
    args = parser.parse_args()
    async with faceward.AsyncClient(args.server, key=os.environ.get("FACEWARD_TOKEN")) as client:
        while True:
            queue: asyncio.Queue[Path] = asyncio.Queue()
            for path in sorted(path for path in args.folder.iterdir() if path.is_file()):
                queue.put_nowait(path)
            await asyncio.gather(*(work(client, queue) for _ in range(AT_ONCE)))
            if not args.watch:
                return
            await asyncio.sleep(1)


if __name__ == "__main__":
    asyncio.run(main())
