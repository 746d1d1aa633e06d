"""Writes `src/faceward/types.py` from a server's OpenAPI document.

    python generate_types.py http://127.0.0.1:8080/openapi.json

With `--check` it writes nothing, and fails where the file differs from what it would write.
"""

import difflib
import json
import sys
import textwrap
from collections.abc import Iterator
from keyword import iskeyword
from pathlib import Path
from typing import Any

import httpx

TYPES = Path(__file__).parent / "src" / "faceward" / "types.py"
HEAD = '''"""The shapes of the API's requests and answers.

Written by `generate_types.py` from the OpenAPI document; do not edit.
"""

from __future__ import annotations

from typing import Literal, NotRequired, TypedDict
'''
PLAIN = {"string": "str", "integer": "int", "number": "float", "boolean": "bool", "null": "None"}
WIDTH = 120


def kind(schema: dict[str, Any]) -> str:
    """The schema as a type."""
    if "$ref" in schema:
        return str(schema["$ref"]).rsplit("/", 1)[-1]
    if "oneOf" in schema:
        return union([kind(part) for part in schema["oneOf"]])
    if "enum" in schema:
        return "Literal[" + ", ".join(json.dumps(value) for value in schema["enum"]) + "]"
    types = schema.get("type", "object")
    types = types if isinstance(types, list) else [types]
    return union([f"list[{kind(schema['items'])}]" if name == "array" else PLAIN[name] for name in types])


def union(parts: list[str]) -> str:
    return " | ".join(sorted(dict.fromkeys(parts), key=lambda part: part == "None"))


def comment(schema: dict[str, Any], indent: str = "") -> Iterator[str]:
    parts = schema.get("oneOf", [])
    text = schema.get("description") or next((part["description"] for part in parts if "description" in part), "")
    for paragraph in text.split("\n\n"):
        for line in textwrap.wrap(paragraph, WIDTH - len(indent) - 2):
            yield f"{indent}# {line}"


def record(name: str, schema: dict[str, Any]) -> Iterator[str]:
    yield from ["", ""]
    yield from comment(schema)
    required = schema.get("required", [])
    yield f"class {name}(TypedDict):"
    for field, value in schema["properties"].items():
        yield from comment(value, "    ")
        of = kind(value)
        yield f"    {field}: {of if field in required else f'NotRequired[{of}]'}"


def alias(name: str, schema: dict[str, Any], of: str) -> Iterator[str]:
    yield ""
    yield from comment(schema if "enum" not in schema else {})
    if len(of) + len(name) + 3 <= WIDTH:
        yield f"{name} = {of}"
    elif of.startswith("Literal["):
        yield f"{name} = Literal["
        yield from (f"    {json.dumps(value)}," for value in schema["enum"])
        yield "]"
    else:
        first, *others = of.split(" | ")
        yield f"{name} = ("
        yield f"    {first}"
        yield from (f"    | {part}" for part in others)
        yield ")"


def options(operation: dict[str, Any], description: str, without: set[str]) -> dict[str, Any]:
    """The parameters of an operation's query but those that a method has by itself."""
    query = [p for p in operation["parameters"] if p["in"] == "query" and p["name"] not in without]
    # `from` cannot be the name of an argument; `_calls.query` takes the line off again.
    name = {p["name"]: f"{p['name']}_" if iskeyword(p["name"]) else p["name"] for p in query}
    fields = {name[p["name"]]: p["schema"] | {"description": p["description"]} for p in query}
    return {"description": description, "properties": fields}


def types(document: dict[str, Any]) -> str:
    schemas = {name: schema for name, schema in document["components"]["schemas"].items() if schema.get("format") != "binary"}
    paths = document["paths"]
    schemas["VerifyOptions"] = options(paths["/v1/verify"]["post"], "Options of a verification.", {"identity"})
    schemas["CaseFilters"] = options(paths["/v1/cases"]["get"], "Which cases are listed.", {"cursor", "limit"})
    plain: list[str] = []
    records: list[str] = []
    unions: list[str] = []
    for name, schema in schemas.items():
        if "properties" in schema:
            if any(value.get("format") in ("binary", "byte") for value in schema["properties"].values()):
                continue  # A body that the client makes itself.
            if any(value.get("items", {}).get("format") == "binary" for value in schema["properties"].values()):
                continue
            records += record(name, schema)
        elif "oneOf" in schema:
            for variant in schema["oneOf"]:
                records += record(variant["title"], variant)
            unions += alias(name, schema, union([variant["title"] for variant in schema["oneOf"]]))
        else:
            plain += alias(name, schema, kind(schema))
    return "\n".join([HEAD.rstrip(), *plain, *records, *(["", *unions] if unions else [])]) + "\n"


def main(url: str, check: bool) -> int:
    text = types(httpx.get(url).raise_for_status().json())
    if not check:
        TYPES.write_text(text)
        return 0
    written = TYPES.read_text()
    sys.stderr.writelines(difflib.unified_diff(written.splitlines(True), text.splitlines(True), str(TYPES), url))
    return int(written != text)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], "--check" in sys.argv[2:]))
