"""The documented settings are exactly the ones that there are."""

import tomllib
from pathlib import Path

from pydantic import BaseModel

from bridge.config import load
from bridge.config.models import Policies, Settings
from bridge.config.reference import config_reference, settings_of, tables

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "config.example.toml"


def test_the_page_is_up_to_date():
    """docs/reference/config.md is what the models say (python -m bridge.config.reference)."""
    assert (ROOT / "docs/reference/config.md").read_text("utf-8") == config_reference()


def test_every_setting_says_what_it_is():
    """No key without a description."""
    for heading, model in tables():
        for name, field in settings_of(model):
            assert field.description, f"{heading} {name}"


def test_every_setting_is_in_the_page_and_in_the_example():
    """Each table has its heading in the page, each key its row and its line in the example."""
    page = config_reference()
    example = EXAMPLE.read_text("utf-8")
    for heading, model in tables():
        section = page.split(f"## `{heading}`" if heading[0] == "[" else "## Top level")[1]
        rows = section.split("\n## ")[0]
        for name, _ in settings_of(model):
            assert f"| `{name}`" in rows, f"{heading} {name} is not documented"
            keys = (
                f"\n{name} =",
                f"\n# {name} =",
                f"\n{name}_file =",
                f"\n# {name}_file =",
                f".{name}]",
            )
            assert any(key in example for key in keys), f"{heading} {name}: not in the example"


def test_the_example_loads(tmp_path):
    """Copied as its first lines say, with the two secrets, it is a valid production setting."""
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets/auth_key").write_text("A" * 32)
    (tmp_path / "secrets/token").write_text("shpat_x")
    path = tmp_path / "config.toml"
    path.write_text(EXAMPLE.read_text("utf-8"), "utf-8")
    settings = load(path, {})
    assert settings.environment == "production"
    assert settings.channels[0].id == 21


def differences(model: BaseModel, reference: BaseModel, at: str = "") -> list[str]:
    """The dotted keys in which the two differ."""
    out: list[str] = []
    for name in type(model).model_fields:
        value, default = getattr(model, name), getattr(reference, name)
        if isinstance(value, BaseModel):
            out += differences(value, default, f"{at}{name}.")
        elif value != default:
            out.append(f"{at}{name}")
    return out


def test_the_example_shows_the_defaults():
    """What the example says of a policy or a table is its default, pull_since excepted."""
    data = tomllib.loads(EXAMPLE.read_text("utf-8"))
    assert differences(Policies.model_validate(data["defaults"]), Policies()) == [
        "order_pull.pull_since"
    ]
    for name in ("server", "ledger", "logging"):
        field = Settings.model_fields[name]
        assert differences(type(field.default).model_validate(data[name]), field.default) == []
