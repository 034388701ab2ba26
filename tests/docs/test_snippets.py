"""What the pages tell to type is typed, and what they show comes back."""

from __future__ import annotations

import json
import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import typer.main

from bridge.actions.table import MAPPINGS
from bridge.cli import application
from bridge.cli.mapping_files import Place
from bridge.cli.mapping_tests import own_reports
from bridge.config import load
from bridge.config.models import Policies, Settings
from bridge.errors import ConfigError
from bridge.shopify.session import shop_domain
from bridge.wiring import load_mapping
from tests.docs.pages import PAGES, ROOT, Block, blocks, name
from tests.docs.shell import DEMO, SANDBOX, has_curl, reading
from tests.support import world

FOLLOWED = [
    ROOT / "README.md",
    ROOT / "docs/tutorial/first-pull.md",
    ROOT / "docs/tutorial/first-mapping.md",
    ROOT / "docs/how-to/change-a-mapping.md",
    ROOT / "docs/how-to/orders-that-cannot-be-sent.md",
    ROOT / "docs/how-to/see-before-you-send.md",
    ROOT / "docs/how-to/settle-what-is-in-doubt.md",
]
# What differs from day to day and from run to run: times, and the ids of steps.
OF_THE_DAY = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\dZ?|\b[0-9a-f]{32}\b")
MORE = "…"  # alone at the end of a list: its further elements are not shown


def every(language: str) -> list[Any]:
    """All blocks of a language, each a test's parameter."""
    found = [b for page in PAGES for b in blocks(page) if b.language == language]
    assert found
    return [pytest.param(block, id=block.place) for block in found]


def shown_json(text: str) -> Any:
    """A JSON block; the mark of a shortened list is an element of its own."""
    return json.loads(re.sub(rf"^(\s*){MORE}$", rf'\1"{MORE}"', text, flags=re.MULTILINE))


def differences(shown: Any, real: Any, at: str = "") -> list[str]:
    """Where what is shown is not what came; dates are those of the day."""
    if isinstance(shown, dict) and isinstance(real, dict):
        if list(shown) != list(real):
            return [f"{at}: shown {list(shown)}, came {list(real)}"]
        return [d for key in shown for d in differences(shown[key], real[key], f"{at}.{key}")]
    if isinstance(shown, list) and isinstance(real, list):
        if shown and shown[-1] == MORE:
            if len(real) < len(shown):
                return [f"{at}: {len(real)} elements came: nothing was left out at {MORE}"]
            shown, real = shown[:-1], real[: len(shown) - 1]
        if len(shown) != len(real):
            return [f"{at}: {len(shown)} elements shown, {len(real)} came"]
        pairs = enumerate(zip(shown, real, strict=True))
        return [d for n, (a, b) in pairs for d in differences(a, b, f"{at}[{n}]")]
    if isinstance(shown, str) and isinstance(real, str) and any_day(shown) == any_day(real):
        return []
    return [] if shown == real and type(shown) is type(real) else [f"{at}: {shown!r}, {real!r}"]


def compare(block: Block, output: str) -> None:
    """An output block against what was printed."""
    if block.language == "json":
        assert differences(shown_json(block.text), json.loads(output)) == [], block.place
    else:
        assert lines(any_day(block.text)) == lines(any_day(output)), block.place


def any_day(text: str) -> str:
    """A text without what is only so in one run; as long as it was, for the columns of tables."""
    return OF_THE_DAY.sub(lambda found: "*" * len(found[0]), text)


def lines(text: str) -> list[str]:
    """A text without blanks at line ends and without empty lines around it."""
    return [line.rstrip() for line in text.strip("\n").splitlines()]


@pytest.mark.slow
@pytest.mark.skipif(not has_curl(), reason="the pages call the bridge with curl, which is not here")
@pytest.mark.parametrize("page", FOLLOWED, ids=name)
def test_a_page_can_be_followed(page, tmp_path):
    """Every shell block of the page runs in order, and prints what the page shows."""
    output = ""
    compared = 0
    with reading(tmp_path) as reader:
        for block in blocks(page):
            if block.language == "sh":
                # This very run is `make test`; the demo of a page ends by itself here.
                text = block.text.replace("make test\n", "")
                text = text.replace("make demo\n", f"{DEMO} --once --port 0 --store-port 0\n")
                output = reader.run(text, status=int(block.words.get("exit", 0)))
            elif "file" in block.words:
                reader.write(block.words["file"], block.text)
            elif "output" in block.words:
                compare(block, output)
                compared += 1
    assert compared


def test_make_calls_what_is_run_here():
    """demo, sandbox and test of the Makefile are the commands that stand for them here."""
    recipes = dict(re.findall(r"^(\w+):.*\n((?:\t.*\n)+)", (ROOT / "Makefile").read_text(), re.M))
    assert recipes["demo"] == f"\t@$(BIN)/{DEMO} $(ARGS)\n"
    assert recipes["sandbox"] == f"\t@$(BIN)/{SANDBOX} $(ARGS)\n"
    assert recipes["test"].startswith("\t@$(BIN)/pytest ")


def test_a_shortened_list_must_leave_something_out():
    """The comparison sees a wrong value, a missing field, an ellipsis for nothing."""
    assert differences({"a": [1, MORE]}, {"a": [1, 2]}) == []
    assert differences({"a": [1, MORE]}, {"a": [1]}) != []
    assert differences({"a": 1}, {"a": 1, "b": 2}) != []
    assert differences([1], [1, 2]) != []
    assert differences(1, True) != []
    assert differences("2026-11-10T09:09:20Z", "2026-11-11T00:00:00Z") == []
    assert differences("sent 2026-11-10 09:09:20", "sent 2026-11-11 00:00:00") == []
    assert differences("sent 2026-11-10", "sent 2026-11-11") != []


def test_the_readme_begins_with_the_two_commands_and_a_call():
    """`make demo` and `make test`, the sandbox, the call of order_pull, its answer."""
    first, second, call, answer, *_ = blocks(ROOT / "README.md")
    assert (first.text, second.text) == ("make demo\nmake test\n", "make sandbox\n")
    assert "curl" in call.text
    assert "/order_pull_v1" in call.text
    assert "output" in answer.words


@pytest.mark.parametrize("block", every("json"))
def test_json_blocks_are_json(block):
    """Nothing is left out but at the end of a list, and marked."""
    shown_json(block.text)


@pytest.mark.parametrize("block", every("sh"))
def test_shell_blocks_are_shell(block):
    """The shell can read each block, and each option of our own command exists."""
    done = subprocess.run(
        ["/bin/sh", "-n"], input=block.text, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    for line in block.text.replace("\\\n", " ").splitlines():
        for given in re.split(r"[|;&<>$()]", line):
            words = given.split()
            names = {"retailops-bridge", ".venv/bin/retailops-bridge"}
            ours = [n for n, word in enumerate(words) if word in names]
            if not ours or len(words) == ours[0] + 1:
                continue
            called = words[ours[0] + 1 :]
            command = typer.main.get_command(application(called))
            while called and hasattr(command, "commands"):
                command = command.commands[called.pop(0)]
            options = {o for p in command.params for o in (*p.opts, *p.secondary_opts)}
            assert {w for w in called if w.startswith("--")} <= options, line


def toml_blocks(*, config: bool) -> list[Any]:
    """The TOML blocks of the configuration, or those of mappings, by their top-level keys."""
    return [
        p
        for p in every("toml")
        if (keys := set(tomllib.loads(p.values[0].text))) != {"case"}
        and (keys <= CONFIG_KEYS) is config
    ]


CONFIG_KEYS = set(Settings.model_fields)
SECRETS = {"token": "shpat_x", "client_secret": "x"}


def key_of(channel: dict[str, Any]) -> str:
    """A key for a channel, and for no other."""
    return str(channel.get("id", 21)).rjust(32, "A")


def completed(data: dict[str, Any], folder: Path) -> dict[str, str]:
    """What a block leaves out, as the environment gives it; files that it names are made."""
    given = {} if "environment" in data else {"RETAILOPS_BRIDGE__ENVIRONMENT": "test"}
    if path := data.get("console", {}).get("password_file"):
        (folder / path).parent.mkdir(exist_ok=True)
        (folder / path).write_text("twelve-chars", "utf-8")
    channels = data.get("channels", [{}])
    for channel in channels:
        at = f"RETAILOPS_BRIDGE__CHANNELS__{channel.get('id', 21)}__"
        if "shop" not in channel:
            given[f"{at}SHOP"] = "example.myshopify.com"
        if not {"auth_key", "auth_key_file"} & set(channel):
            given[f"{at}AUTH_KEY"] = key_of(channel)
        shopify = channel.get("shopify", {})
        if not {"token", "token_file", "client_id"} & set(shopify):
            given[f"{at}SHOPIFY__TOKEN"] = SECRETS["token"]
        if "mappings_dir" in channel:
            (folder / channel["mappings_dir"]).mkdir()
        for key, path in (channel | shopify).items():
            if key.endswith("_file"):
                (folder / path).parent.mkdir(exist_ok=True)
                secrets = SECRETS | {"auth_key": key_of(channel)}
                (folder / path).write_text(secrets[key.removesuffix("_file")], "utf-8")
    return given


@pytest.mark.parametrize("block", toml_blocks(config=True))
def test_config_blocks_load(block, tmp_path):
    """A block of config.toml is taken by the bridge, once what it leaves out is there."""
    file = tmp_path / "config.toml"
    file.write_text(block.text, "utf-8")
    settings = load(file, completed(tomllib.loads(block.text), tmp_path), shop_domain=shop_domain)
    assert settings.channels


@pytest.mark.parametrize(
    "block",
    [
        p
        for p in every("toml")
        if set(tomllib.loads(p.values[0].text)) == {"case"}
        and "/" not in p.values[0].words.get("file", "")  # these are run with the page's mapping
    ],
)
def test_blocks_of_tests_pass(block, tmp_path):
    """A block of tests beside a mapping is run against the shipped one, and passes."""
    name = block.words.get("file", "order_pull.test.toml")
    (tmp_path / name).write_text(block.text, "utf-8")
    (report,) = own_reports(Place("docs", Policies(), tmp_path))
    assert report.passed, (report.findings, [r.failures for r in report.results])


@pytest.mark.parametrize("block", toml_blocks(config=False))
def test_mapping_blocks_load(block, tmp_path):
    """A block of a mapping is taken over the shipped file; one marked as wrong is refused."""
    keys = tomllib.loads(block.text)
    roots = {spec.root: known for known, spec in MAPPINGS.items()}
    named = Path(block.words.get("file", "order_pull.toml")).stem
    module = next((roots[key] for key in keys if key in roots), named)
    own = tmp_path / f"{module}.toml"
    own.write_text(block.text, "utf-8")
    chosen = block.words.get("preset")
    shipped = f"presets/{module}.{chosen}.toml" if chosen else f"{module}.toml"
    layers = [ROOT / "mappings" / shipped, own]

    def loaded() -> Any:
        return load_mapping(module, layers)

    if "wrong" in block.words:
        with pytest.raises(ConfigError):
            loaded()
    else:
        # A table is used by rules of the shipped file, so that it has no rule of its own.
        rules = [rule for rule in loaded().rules if rule.place.startswith(str(own))]
        assert rules or set(keys) <= {"tables", "select"}


async def test_the_worked_example_of_money_is_real(tmp_path):
    """The table after `example:` in the page about orders is what order_pull sends."""
    page = (ROOT / "docs/explanation/orders.md").read_text("utf-8")
    found = re.search(r"<!-- example: (\d+) -->\n(.*?)\n\n", page, re.DOTALL)
    assert found
    refnum, table = found.groups()
    async with world(tmp_path) as w:
        answer = await w.post("order_pull", specific_orders=[{"channel_refnum": refnum}])
        (order,) = answer.body["orders"]
        (seen,) = [o for o in (await w.state())["orders"] if o["id"] == refnum]
    assert f"Order {seen['name']} " in page
    told = [
        [
            i["sku"],
            i["quantity"],
            i["currency_values"]["unit_price"],
            i["currency_values"]["unit_tax"],
        ]
        for i in order["order_items"]
    ]
    rows = [[c.strip() for c in row.strip("|").split("|")] for row in table.splitlines()[2:]]
    assert [[r[0], int(r[1]), float(r[2]), float(r[3])] for r in rows] == told
    values = order["currency_values"]
    assert (
        f"`shipping_amt` {values['shipping_amt']:.2f}, `tax_amt` {values['tax_amt']:.2f} and "
        f"`discount_amt` {values['discount_amt']:.2f}"
    ) in page
    assert f"=  {seen['current_total']['amount']}" in page
