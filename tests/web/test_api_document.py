"""The OpenAPI document is valid, complete, and true: Schemathesis asks the running API everything it allows and forbids."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import trio
from openapi_spec_validator import OpenAPIV31SpecValidator

from tests.support.api_world import ApiWorld, open_api
from web.api.kit import ROOT
from web.policy import Policy, policy_of

NAMED = (
    *("GET /media", "POST /media", "GET /media/{media_id}", "PUT /media/{media_id}", "DELETE /media/{media_id}"),
    *("GET /search", "GET /downloads", "POST /downloads", "GET /downloads/{download_id}"),
    *("POST /library/scan", "GET /library/scan-status", "GET /files", "GET /config", "PUT /config", "GET /quality-profiles"),
)  # fmt: skip


async def document(world: ApiWorld) -> dict[str, Any]:
    answer = await world.http.get(f"{ROOT}/openapi.json", headers={"X-Api-Key": ""})
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


def described(found: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """ "GET /media" -> the operation."""
    return {
        f"{method.upper()} {path.removeprefix(ROOT)}": operation
        for path, operations in found["paths"].items()
        for method, operation in operations.items()
    }


async def test_the_document_is_valid_and_names_every_route_with_who_may_use_it(tmp_path: Path) -> None:
    async with open_api(tmp_path) as world:
        found = await document(world)
        app = world.web.app
    OpenAPIV31SpecValidator(found).validate()
    operations = described(found)
    assert set(NAMED) <= set(operations)
    routes = {
        f"{method} {rule.rule.removeprefix(ROOT).replace('<', '{').replace('>', '}')}": policy_of(app, rule.endpoint)
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith(f"{ROOT}/") and not rule.rule.endswith("openapi.json")
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
    }
    assert set(operations) == set(routes)
    for name, operation in operations.items():
        assert ("401" in operation["responses"]) == (routes[name] is not Policy.PUBLIC), name
        assert not operation["summary"].startswith(operation["operationId"])
        assert "list[" not in str(operation["responses"]), "made-up words of a dataclass"


@pytest.mark.timeout(600)  # four thousand requests, on a machine that may have other things to do
async def test_everything_the_document_says_is_so(tmp_path: Path) -> None:
    # No cursor is a free text, and no id can be made up, so that not all that has the right shape is taken is known. Its own key is not
    # for it to revoke: whatever came after would be told 401.
    command = [
        *(sys.executable, "-c", "from schemathesis.cli import schemathesis; schemathesis()", "run"),
        *(
            "--checks",
            "all",
            "--exclude-checks",
            "positive_data_acceptance",
            "--exclude-operation-id",
            "revoke_api_key",
        ),
        *("--phases", "examples,coverage,fuzzing,stateful", "--max-examples", "2", "--continue-on-failure"),
        *("--generation-deterministic", "--warnings", "off", "--no-color"),
        *("--request-timeout", "120", "--suppress-health-check", "too_slow"),  # the machine's slowness is not the API's
    ]
    async with open_api(tmp_path) as world:
        ask = [*command, "-H", f"X-Api-Key: {world.keys['admin']}", f"{world.url}{ROOT}/openapi.json"]
        done = await trio.run_process(
            ask, check=False, cwd=tmp_path, capture_stdout=True, stderr=subprocess.STDOUT
        )  # fmt: skip
        said = done.stdout.decode("utf-8", "replace")
    assert done.returncode == 0, said[-6000:]
    assert "Coverage" in said
