"""The OpenAPI 3.1 document, made from the declared operations: the same models that check what comes in and shape what goes out."""

from collections.abc import Iterator, Sequence
from dataclasses import is_dataclass
from http import HTTPStatus
from importlib.metadata import version
from inspect import cleandoc
from typing import Any

from pydantic import BaseModel, TypeAdapter
from pydantic.json_schema import JsonSchemaMode

from web.api.kit import ROOT, Operation
from web.policy import Policy

REFERENCE = "#/components/schemas/{model}"
PROBLEM = {
    "type": "object",
    "description": "What went wrong, as RFC 9457 has it. `errors` names the field; `request_id` finds the request in the log.",
    "required": ["type", "title", "status", "detail", "instance", "request_id"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "instance": {"type": "string"},
        "request_id": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "detail"],
                "properties": {"field": {"type": "string"}, "detail": {"type": "string"}},
            },
        },
    },
}
WORDS = {
    400: "The body is no valid JSON",
    401: "No session and no API key",
    403: "The account's role does not allow it, or the session's CSRF token is missing",
    404: "There is no such thing",
    409: "It exists already, or has changed meanwhile",
    413: "More than 1 MB was sent",
    415: "The body is not application/json",
    421: "The Host header names somebody else",
    422: "A value is wrong; `errors` names the field where it is one",
    503: "A part of the house or something outside does not answer; try again after Retry-After",
}
ROLES = {
    Policy.PUBLIC: "Nobody needs an account for it.",
    Policy.READ: "For every account.",
    Policy.ACT: "For the roles user and admin.",
    Policy.ADMIN: "For the role admin.",
}


def document(operations: Sequence[Operation]) -> dict[str, Any]:
    """The whole document, as plain data."""
    wanted = list(_models(operations))
    schemas, defined = TypeAdapter.json_schemas(wanted, ref_template=REFERENCE)
    of = {key[0]: schema for key, schema in schemas.items()}
    paths: dict[str, dict[str, Any]] = {}
    for each in sorted(operations, key=lambda o: (o.rule, o.method)):
        paths.setdefault(ROOT + _template(each.rule), {})[each.method] = _operation(each, of)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Mydia",
            "version": version("mydia"),
            "description": "Everything the pages do, for programs.",
        },
        "paths": paths,
        "components": {
            "schemas": dict(sorted({**defined.get("$defs", {}), "Problem": PROBLEM}.items())),
            "securitySchemes": {
                "key": {"type": "apiKey", "in": "header", "name": "X-Api-Key"},
                "bearer": {"type": "http", "scheme": "bearer", "description": "An API key"},
                "session": {"type": "apiKey", "in": "cookie", "name": "mydia_session"},
                "csrf": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "X-CSRF-Token",
                    "description": "Goes with a session",
                },
            },
        },
        "tags": [{"name": name} for name in sorted({o.group for o in operations})],
    }


def _models(operations: Sequence[Operation]) -> Iterator[tuple[Any, JsonSchemaMode, TypeAdapter[Any]]]:
    for each in operations:
        if each.body is not None:
            yield each.body, "validation", TypeAdapter(each.body)
        if each.answers is not None:
            yield each.answers, "serialization", TypeAdapter(each.answers)


def _operation(o: Operation, schemas: dict[Any, Any]) -> dict[str, Any]:
    words = cleandoc(o.words)
    summary = words.partition("\n\n")[0].replace("\n", " ")
    described: dict[str, Any] = {
        "operationId": o.name,
        "tags": [o.group],
        "summary": summary.partition(": ")[0].rstrip("."),
        "description": f"{words}\n\n{ROLES[o.policy]}",
        "parameters": [*_path_parameters(o.rule), *(_query_parameters(o.query) if o.query else ())],
        "responses": _responses(o, schemas),
        "security": _security(o),
    }
    if o.body is not None:
        content = {"application/json": {"schema": schemas[o.body]}}
        described["requestBody"] = {"required": not o.optional, "content": content}
    return described


def _template(rule: str) -> str:
    return rule.replace("<", "{").replace(">", "}")


def _path_parameters(rule: str) -> list[dict[str, Any]]:
    names = [part[1:-1] for part in rule.split("/") if part.startswith("<")]
    return [{"name": n, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}} for n in names]


def _query_parameters(model: type[BaseModel]) -> Iterator[dict[str, Any]]:
    schema = model.model_json_schema(ref_template=REFERENCE)
    for name, described in schema["properties"].items():
        # A parameter that is not wanted is left out; there is no null in a query string.
        options = [o for o in described.pop("anyOf", ()) if o != {"type": "null"}]
        words = {"description": described.pop("description")} if "description" in described else {}
        shape = {
            k: v for k, v in {**described, **(options[0] if options else {})}.items() if k != "title" and v is not None
        }
        yield {"name": name, "in": "query", "required": name in schema.get("required", ()), "schema": shape, **words}


def _responses(o: Operation, schemas: dict[Any, Any]) -> dict[str, Any]:
    good: dict[str, Any] = {"description": _words_of(o.answers) or HTTPStatus(o.status).phrase}
    if o.answers is not None:
        good["content"] = {"application/json": {"schema": schemas[o.answers]}}
    if o.file is not None:
        good["content"] = {o.file: {}}
    problem = {"application/problem+json": {"schema": {"$ref": REFERENCE.format(model="Problem")}}}
    bad = {str(code): {"description": WORDS[code], "content": problem} for code in _errors(o)}
    if "503" in bad:
        bad["503"] = {
            **bad["503"],
            "headers": {"Retry-After": {"schema": {"type": "integer"}, "description": "Seconds"}},
        }
    return {str(o.status): good, **bad}


def _words_of(answers: type[Any] | None) -> str | None:
    """A shape's own docstring; the one that dataclass() makes up says nothing."""
    words = (answers.__doc__ or "") if answers is not None else ""
    made_up = is_dataclass(answers) and words.startswith(f"{getattr(answers, '__name__', '')}(")
    return None if made_up or not words else cleandoc(words)


def _errors(o: Operation) -> list[int]:
    """Every status that the operation can refuse with. (404 and 409 of what a body names count as the operation's.)"""
    unsafe = o.method != "get"
    codes = {421, 503}
    if o.policy is not Policy.PUBLIC:
        codes.add(401)
    if unsafe or o.policy in (Policy.ACT, Policy.ADMIN):
        codes.add(403)
    if unsafe or "<" in o.rule:
        codes.add(404)
    if o.query is not None or unsafe:
        codes.add(422)
    if unsafe:
        codes |= {409, 413}
    if o.body is not None:
        codes |= {400, 415}
    return sorted(codes)


def _security(o: Operation) -> list[dict[str, list[str]]]:
    if o.policy is Policy.PUBLIC:
        return []
    session: dict[str, list[str]] = {"session": []} if o.method == "get" else {"session": [], "csrf": []}
    return [{"key": []}, {"bearer": []}, session]
