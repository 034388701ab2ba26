"""The API's description: valid, complete, and true of what is answered."""

from __future__ import annotations

import json

import jsonschema
import pytest
import schemathesis
from jsonschema.validators import Draft202012Validator

from bridge.retailops.actions import ACTIONS
from bridge.retailops.events import CODES
from bridge.server.openapi import document, encoded
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


def test_it_is_openapi_3_1():
    """Nothing against it in OpenAPI's own schema of version 3.1, which schemathesis carries."""
    schemathesis.openapi.from_dict(document(tuple(ACTIONS))).validate()
    said = document(("catalog_get_config",))
    del said["paths"]["/catalog_get_config_v1"]["post"]["responses"]["200"]["description"]
    with pytest.raises(Exception, match="required property"):
        schemathesis.openapi.from_dict(said).validate()


def bodies(said):
    """Every example with the schema that it stands beside."""
    for path, methods in said["paths"].items():
        for operation in methods.values():
            parts = [*operation["responses"].values()]
            parts += [operation["requestBody"]] if "requestBody" in operation else []
            for part in parts:
                content = part["content"]["application/json"]
                for key, example in content.get("examples", {}).items():
                    yield f"{path} {key}", content["schema"], example["value"]


def test_every_example_is_what_its_schema_says():
    """Requests, answers and refusals; every action has examples of both."""
    said = document(tuple(ACTIONS))
    found = list(bodies(said))
    assert {place.split()[0] for place, _, _ in found} == {f"/{name}_v1" for name in ACTIONS}
    for place, schema, value in found:
        errors = Draft202012Validator(resolved(schema, said)).iter_errors(value)
        assert [error.message for error in errors] == [], place


def test_examples_carry_no_key_but_the_verifiers():
    """What is shown to everyone who can reach the page."""
    said = document(tuple(ACTIONS))
    keys = {v["integration_auth_token"] for _, s, v in bodies(said) if s["$ref"].endswith("quest")}
    assert keys == {"RETAILOPS_SDK"}


def test_every_code_is_told_with_its_meaning_and_remedy():
    """In the one schema of events that all answers share."""
    said = document(tuple(ACTIONS))
    schemas = said["components"]["schemas"]
    code = schemas["Event"]["properties"]["code"]
    assert code["examples"] == [str(code) for code in CODES]
    for name, told in CODES.items():
        assert (
            f"| `{name}` | {told.event_type} | {told.meaning} | {told.remedy} |"
            in (code["description"])
        )
    assert [name for name in schemas if name.endswith("Event")] == ["Event"]
    for name, spec in ACTIONS.items():
        if spec.has_events:
            items = schemas[f"{name}.Answer"]["properties"]["events"]["items"]
            assert items == {"$ref": "#/components/schemas/Event"}


def test_two_models_of_one_name_are_not_mixed_up():
    """An order_pull's OrderItem is what we send; that of a write-back is what RetailOps sends."""
    schemas = document(tuple(ACTIONS))["components"]["schemas"]
    assert schemas["OrderItem"]["required"] == ["channel_item_refnum", "quantity", "item_type"]
    other = schemas["order_settle_payment.Request.OrderItem"]
    assert "order_item_id" in json.dumps(other["properties"])
    reference = "#/components/schemas/order_settle_payment.Request.OrderItem"
    assert reference in json.dumps(schemas["WritebackOrder"])
    assert len(schemas) == len({json.dumps(schema) for schema in schemas.values()})


def test_it_is_made_once():
    """A tenth of a second of work, for the first who asks."""
    assert encoded(SERVED) is encoded(SERVED)
    assert json.loads(encoded(SERVED)) == document(SERVED)
