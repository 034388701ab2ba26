"""The API's description: valid, complete, and true of what is answered."""

from __future__ import annotations

import json

import jsonschema
import pytest
from jsonschema.validators import Draft202012Validator

from bridge.retailops.actions import ACTIONS
from bridge.server.openapi import document
from tests.server.conftest import body
from tests.server.tiny import SERVED, answer_of


def resolved(schema, root):
    """A schema that carries the components that its references name."""
    return {**schema, "components": root["components"]}


async def test_it_is_served_and_says_what_is_served(serve):
    """OpenAPI 3.1, one path an action that is served, and the health endpoints."""
    client = await serve()
    response = await client.get("/openapi.json")
    assert response.content_type == "application/json"
    said = await response.json()
    assert said == document(SERVED)
    assert said["openapi"] == "3.1.0"
    assert set(said["paths"]) == {f"/{name}_v1" for name in SERVED} | {
        "/health/live",
        "/health/ready",
    }


def test_every_reference_leads_somewhere():
    """For all eleven actions, so that later versions need no change here."""
    said = document(tuple(ACTIONS))
    schemas = said["components"]["schemas"]
    text = json.dumps(said)
    targets = {part.split('"')[0] for part in text.split('"$ref": "')[1:]}
    assert targets
    for target in targets:
        assert target.startswith("#/components/schemas/")
        assert target.removeprefix("#/components/schemas/") in schemas
    assert "#/$defs" not in text
    for schema in schemas.values():
        Draft202012Validator.check_schema(schema)


@pytest.mark.parametrize("action", SERVED)
async def test_answers_and_refusals_are_as_described(serve, action):
    """What is really sent validates against the schema of its status."""
    said = document(SERVED)
    responses = said["paths"][f"/{action}_v1"]["post"]["responses"]
    client = await serve()
    good = await client.post(f"/{action}_v1", json=body())
    for response in (
        good,
        await client.post(f"/{action}_v1", json={}),
        await client.post(f"/{action}_v1", data=b"["),
    ):
        described = responses[str(response.status)]["content"]["application/json"]["schema"]
        jsonschema.validate(await response.json(), resolved(described, said))
    assert await good.read() == answer_of(action)


def test_a_request_needs_nothing_but_the_token():
    """The caller leaves out and nulls whatever it likes."""
    schemas = document(tuple(ACTIONS))["components"]["schemas"]
    for name in ACTIONS:
        assert schemas[f"{name}.Request"]["required"] == ["integration_auth_token"]
