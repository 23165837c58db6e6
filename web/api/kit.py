"""How an operation of the API is declared: its policy, what it takes, what it answers, in one place that the document is made from too.

    @operation(api, "/media/<media_id>", Policy.READ, answers=Media)
    async def get_media(visit: Visit, media_id: str) -> Media: ...

What comes in is checked against pydantic models before the view sees it; what goes out is a dataclass (or None: 204).
"""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from typing import Any, cast

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError
from pydantic_core import PydanticSerializationError
from quart import Blueprint, Response, request
from quart.blueprints import BlueprintSetupState
from werkzeug.exceptions import BadRequest, UnsupportedMediaType

from mydia.errors import Invalid, NotFound
from web.policy import Answer, Policy, Visit, route

ROOT = "/api/v1"
View = Callable[..., Awaitable[Any]]


class Query(BaseModel):
    """Parameters of a query string. Unknown ones are refused: a misspelt filter would show everything."""

    model_config = ConfigDict(extra="forbid")


class Body(BaseModel):
    """A JSON object that is sent. Numbers are numbers and texts are texts; unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", strict=True)


@dataclass(frozen=True, slots=True)
class Operation:
    """One declared operation, as the document shows it. `optional`: its body may be left out; `file`: the type of what is no JSON."""

    name: str
    group: str
    rule: str
    method: str
    policy: Policy
    words: str
    query: type[Query] | None
    body: type[Body] | None
    optional: bool
    answers: type[Any] | None
    status: int
    file: str | None = None


def operation(
    api: Blueprint,
    rule: str,
    policy: Policy,
    *,
    method: str = "GET",
    query: type[Query] | None = None,
    body: type[Body] | None = None,
    optional: bool = False,
    answers: type[Any] | None = None,
    status: int | None = None,
    file: str | None = None,
) -> Callable[[View], View]:
    """Declare one operation. `query` and `body` are handed to the view under those names. With `file`, it gives the Response itself."""
    code = status or (200 if answers or file else 204)
    shape: TypeAdapter[Any] | None = TypeAdapter(answers) if answers is not None else None

    def declare(view: View) -> View:
        @wraps(view)
        async def answer(visit: Visit, **parameters: Any) -> Answer:
            if any("\0" in value for value in parameters.values()):
                raise NotFound("There is nothing of that id.")
            if query is not None:
                parameters["query"] = _load(request.args.to_dict(), query)
            if body is not None:
                parameters["body"] = _load(await _json_body(optional=optional), body)
            result = await view(visit, **parameters)
            if file is not None:
                return cast("Response", result)
            if shape is None:
                return Response(b"", code)
            return Response(_json(shape, result), code, content_type="application/json")

        declared = Operation(
            view.__name__,
            api.name.removesuffix("_api"),
            rule,
            method.lower(),
            policy,
            view.__doc__ or "",
            query,
            body,
            optional,
            answers,
            code,
            file,
        )
        api.record(lambda state: operations(state).append(declared))
        return route(api, rule, policy, methods=(method,), endpoint=view.__name__)(answer)

    return declare


def operations(state: BlueprintSetupState) -> list[Operation]:
    """Where an app keeps its declared operations."""
    kept: list[Operation] = state.app.extensions.setdefault("mydia.operations", [])
    return kept


def _json(shape: TypeAdapter[Any], result: Any) -> bytes:
    try:
        return shape.dump_json(result)
    except PydanticSerializationError:
        # A file's name is bytes, and need not be text: what is none shows as a question mark.
        plain = shape.dump_python(result)
        return json.dumps(plain, ensure_ascii=False).encode("utf-8", "replace")


async def _json_body(*, optional: bool) -> dict[str, Any]:
    sent = await request.get_data()
    if optional and not sent:
        return {}
    if not request.is_json:
        raise UnsupportedMediaType("Send the body as application/json.")
    try:
        data = json.loads(sent, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise BadRequest("The request's body is no valid JSON.") from error
    if not isinstance(data, dict):
        raise Invalid("The body must be a JSON object.")
    return data


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


def _load(data: Mapping[str, Any], model: type[BaseModel]) -> Any:
    """The model, or Invalid that names the first field that is wrong and what is wrong with it."""
    _check(data, "")
    try:
        return model.model_validate(data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        field = ".".join(str(part) for part in first["loc"])
        raise Invalid(f"{field}: {first['msg']}" if field else first["msg"], field=field or None) from error


def _check(value: object, field: str) -> None:
    """Refuse what JSON and addresses can spell and no database can hold: NUL, half a surrogate pair, a number beyond 64 bits."""
    match value:
        case str():
            if "\0" in value or any("\ud800" <= c <= "\udfff" for c in value):
                raise Invalid(
                    "There is a character in it that is no text (NUL, or half of a pair).", field=field or None
                )
        case bool():
            pass
        case int() if not -(2**63) <= value < 2**63:
            raise Invalid("The number is too large.", field=field or None)
        case list():
            for each in value:
                _check(each, field)
        case dict():
            for key, each in value.items():
                _check(key, field)
                _check(each, f"{field}.{key}" if field else str(key))
