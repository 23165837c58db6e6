"""How an operation of the API is declared: its policy, what it takes, what it answers, all in one place that the document is made from.

    @operation(api, "/media/<media_id>", Policy.READ, answers=Media)
    async def get_media(visit: Visit, media_id: str) -> Media: ...

The answer is a dataclass (or None: 204). It is written as JSON as it stands; tests hold real answers against the document.
"""

import json
from collections.abc import Awaitable, Callable, Iterable, Sequence
from functools import wraps
from importlib.metadata import version
from typing import Any

from pydantic import TypeAdapter, ValidationError
from pydantic_core import to_json
from quart import Blueprint, Quart, Response, current_app, request
from quart_schema import (
    APIKeySecurityScheme,
    HttpSecurityScheme,
    Info,
    OpenAPIProvider,
    QuartSchema,
    document_querystring,
    document_request,
    document_response,
    tag,
)
from werkzeug.exceptions import BadRequest
from werkzeug.routing.rules import Rule

from mydia.errors import Invalid
from web.policy import Answer, Policy, Visit, policy_of, route

ROOT = "/api/v1"
PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "instance": {"type": "string"},
        "request_id": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {"type": "object", "properties": {"field": {"type": "string"}, "detail": {"type": "string"}}},
        },
    },
}
_WORDS = {
    400: "The request is no valid JSON",
    401: "No session and no API key",
    403: "The role does not allow it, or the session's CSRF token is missing",
    404: "There is no such thing",
    405: "Not with this method",
    409: "It exists already, or has changed meanwhile",
    413: "More than 1 MB was sent",
    415: "The body is not application/json",
    421: "The Host header is not one this house answers to",
    422: "A value is wrong; `errors` names the field",
    429: "Too many attempts",
    503: "Something outside does not answer; try again after Retry-After",
}

View = Callable[..., Awaitable[Any]]


def operation(
    api: Blueprint,
    rule: str,
    policy: Policy,
    *,
    method: str = "GET",
    query: type[Any] | None = None,
    body: type[Any] | None = None,
    answers: type[Any] | None = None,
    status: int | None = None,
) -> Callable[[View], View]:
    """Declare one operation. `query` and `body` are pydantic models, handed to the view under those names."""
    code = status or (200 if answers else 204)
    shape = TypeAdapter(answers) if answers is not None else None

    def declare(view: View) -> View:
        @wraps(view)
        async def answer(visit: Visit, **parameters: Any) -> Answer:
            if query is not None:
                parameters["query"] = _load(dict(request.args.items()), query)
            if body is not None:
                parameters["body"] = _load(await _json_body(), body)
            result = await view(visit, **parameters)
            if result is None:
                return Response(b"", code)
            data = to_json(result) if shape is None else shape.dump_json(result)
            return Response(data, code, content_type="application/json")

        documented: Any = tag([api.name])(answer)
        if query is not None:
            documented = document_querystring(query)(documented)
        if body is not None:
            documented = document_request(body)(documented)
        if answers is not None:
            documented = document_response(answers, code)(documented)
        documented.operation_status = code
        return route(api, rule, policy, methods=(method,), endpoint=view.__name__)(documented)

    return declare


async def _json_body() -> Any:
    if not request.is_json:
        raise UnsupportedBody
    try:
        data = json.loads(await request.get_data() or b"null", parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise BadRequest("The request's body is no valid JSON.") from error
    if not isinstance(data, dict):
        raise Invalid("The body must be a JSON object.")
    return data


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


class UnsupportedBody(BadRequest):
    code = 415
    description = "Send the body as application/json."


def _load(data: dict[str, Any], model: type[Any]) -> Any:
    """The model, or Invalid that names the first field that is wrong and what is wrong with it."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        field = ".".join(str(part) for part in first["loc"])
        raise Invalid(f"{field}: {first['msg']}" if field else first["msg"], field=field or None) from error


# -- the document ---------------------------------------------------------------------------------------------------------------


class Document(OpenAPIProvider):
    """OpenAPI 3.1 of what stands under /api/v1, with the errors each operation can give."""

    def generate_rules(self) -> Iterable[Rule]:
        return sorted((r for r in self._app.url_map.iter_rules() if r.rule.startswith(ROOT)), key=lambda r: r.rule)

    def generate_methods(self, rule: Rule) -> Iterable[str]:
        return sorted(m for m in rule.methods or () if m not in ("HEAD", "OPTIONS"))

    def operation_id(self, method: str, path: str, func: Callable[..., Any]) -> str | None:
        return func.__name__

    def build_paths(self, rule: Rule) -> tuple[dict[str, Any], dict[str, Any]]:
        paths, components = super().build_paths(rule)
        function = self._app.view_functions[rule.endpoint]
        policy = policy_of(current_app, rule.endpoint)
        for operations in paths.values():
            for verb, described in operations.items():
                unsafe = verb != "get"
                code = getattr(function, "operation_status", 200)
                described["responses"] = {str(k): v for k, v in described["responses"].items()}
                described["responses"].setdefault(str(code), {"description": "Done"})
                described["x-policy"] = policy.name.lower() if policy else "closed"
                if policy is Policy.PUBLIC:
                    described["security"] = []
                for error in _errors(described, unsafe=unsafe, public=policy is Policy.PUBLIC):
                    described["responses"][str(error)] = {
                        "description": _WORDS[error],
                        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
                    }
        components["Problem"] = PROBLEM
        return paths, components


def _errors(described: dict[str, Any], *, unsafe: bool, public: bool) -> Sequence[int]:
    codes = {400, 421, 422, 503}
    if not public:
        codes |= {401, 403}
    if "{" in str(described.get("parameters")) and any(p["in"] == "path" for p in described["parameters"]):
        codes.add(404)
    if unsafe:
        codes |= {404, 409, 413, 415, 429}
    return sorted(codes)


def document(app: Quart) -> None:
    """Have the document made from the app's own routes."""
    QuartSchema(
        app,
        openapi_path=None,
        swagger_ui_path=None,
        redoc_ui_path=None,
        scalar_ui_path=None,
        openapi_provider_class=Document,
        info=Info(title="Mydia", version=version("mydia"), description="Everything the pages do, for programs."),
        security_schemes={
            "api_key": APIKeySecurityScheme(in_="header", name="X-Api-Key"),
            "bearer": HttpSecurityScheme(scheme="bearer"),
            "session": APIKeySecurityScheme(in_="cookie", name="mydia_session"),
        },
        security=[{"api_key": []}, {"bearer": []}, {"session": []}],
    )


def openapi() -> dict[str, Any]:
    extension: QuartSchema = current_app.extensions["QUART_SCHEMA"]
    return dict(extension.openapi_provider.schema())
