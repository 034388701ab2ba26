"""``retailops-bridge replay``: what would differ is shown, exit 1; nothing differs, exit 0."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from bridge.cli import main
from bridge.cli.record import recorded
from bridge.recording import files
from bridge.recording.cassette import Cassette
from bridge.recording.difference import differences
from tests.recording.test_cassettes import CASSETTES
from tests.support import settings_for

PAGE = CASSETTES / "order_pull" / "page.yaml"
PACKAGE = CASSETTES / "order_shipment_submit" / "package.yaml"


def run(*arguments: str) -> int:
    """The command; its exit code."""
    with pytest.raises(SystemExit) as ended:
        main(["replay", *arguments])
    code = ended.value.code
    return code if isinstance(code, int) else 1


def config(tmp_path: Path, policies: str = "", **mappings: str) -> str:
    """A configuration with mapping files of the merchant's own, by name."""
    folder = tmp_path / "mappings"
    folder.mkdir()
    for name, text in mappings.items():
        (folder / f"{name}.toml").write_text(text)
    file = tmp_path / "config.toml"
    file.write_text(
        f"""environment = "test"
[[channels]]
id = 21
shop = "sandbox.myshopify.com"
auth_key = "RETAILOPS_SDK"
mappings_dir = "mappings"
[channels.shopify]
token = "shpat_sandbox"
endpoint = "http://127.0.0.1:9"
{policies}
"""
    )
    return str(file)


def told(capsys: pytest.CaptureFixture[str]) -> Any:
    """What --json printed."""
    return json.loads(capsys.readouterr().out)


def test_nothing_differs(capsys):
    """Files and folders; one line, exit 0."""
    assert run(str(CASSETTES / "order_acknowledge"), str(PACKAGE)) == 0
    assert capsys.readouterr().out == "3 recorded calls: 3 same\n"


SMALL_PAGE = "[channels.order_pull]\npage_size = 3\n"
EXPRESS = "[order]\nship_service_code = \"'Express'\"\n"


def test_a_mapping_that_answers_something_else(tmp_path, capsys):
    """Each order's field with what was recorded and what is now, the order by its refnum."""
    where = config(tmp_path, SMALL_PAGE, order_pull=EXPRESS)
    assert run(str(PAGE), "--config", where) == 1
    said = capsys.readouterr().out
    orders = files.read(PAGE).call.answer["orders"]
    for order in orders:
        path = f"orders[channel_order_refnum={order['channel_order_refnum']}].ship_service_code"
        assert f"    {path}\n      - " in said
    assert said.count('      + "Express"') == len(orders) == 3
    assert "1 recorded calls: 1 different" in said


def test_for_programs(tmp_path, capsys):
    """--json: verdict and differences of every recording, those that are the same too."""
    where = config(tmp_path, SMALL_PAGE, order_pull=EXPRESS)
    assert run(str(PAGE), str(PACKAGE), "--config", where, "--json") == 1
    page, package = told(capsys)
    assert (page["verdict"], package["verdict"]) == ("different", "same")
    assert {d["where"] for d in page["differences"]} == {"answer"}
    assert {d["now"] for d in page["differences"]} == {"Express"}
    assert page["source"] == "sandbox"


def test_a_mapping_that_sends_something_else(tmp_path, capsys):
    """A mutation's variable, by its path; the call goes on with the recorded reply."""
    text = "[tracking]\ncarrier = \"'My Courier'\"\nnotify_customer = true\n"
    where = config(tmp_path, order_shipment_submit=text)
    assert run(str(PACKAGE), "--config", where, "--json") == 1
    (found,) = told(capsys)
    assert [(d["where"], d["path"], d["now"]) for d in found["differences"]] == [
        ("mutation FulfillmentCreate, request 2", "fulfillment.notifyCustomer", True),
        ("mutation FulfillmentCreate, request 2", "fulfillment.trackingInfo.company", "My Courier"),
    ]


def test_rows_that_bulk_sends_otherwise(tmp_path, capsys):
    """An uploaded row is compared like a variable; a push that is no longer in bulk ends there."""
    bulk = CASSETTES / "catalog_push" / "bulk.yaml"
    text = bulk.read_text("utf-8")
    mine = tmp_path / "bulk.yaml"
    mine.write_text(text.replace('"title": "Mallet"', '"title": "Hammer"'))
    assert run(str(mine), "--json") == 1
    (found,) = told(capsys)
    assert [(d["where"], d["path"], d["recorded"], d["now"]) for d in found["differences"]] == [
        ("upload, request 6", "rows[3].input.title", "Hammer", "Mallet"),
    ]
    mine.write_text(text.replace("bulk_from: 3", "bulk_from: 30"))
    assert run(str(mine)) == 1
    said = capsys.readouterr().out
    assert "mutation ProductSet: not in the recording; it was not sent" in said
    assert "download, request 11: no longer sent" in said


def test_a_request_that_was_never_recorded(tmp_path, capsys):
    """A policy that reads more than the recording holds: shown, not sent, and nothing compared."""
    where = config(tmp_path)
    rows = CASSETTES / "inventory_push" / "rows.yaml"
    assert run(str(rows), "--config", where) == 1
    said = capsys.readouterr().out
    assert "query ReservedOrders: not in the recording; it was not sent" in said
    assert "answer" not in said


def test_a_request_that_is_no_longer_made(tmp_path, capsys):
    """Close nothing any more: the recorded mutation is shown as gone."""
    where = config(tmp_path, order_complete='[complete]\nclose = "false"\n')
    assert run(str(CASSETTES / "order_complete"), "--config", where) == 1
    said = capsys.readouterr().out
    assert "mutation OrderClose, request" in said
    assert ": no longer sent" in said


def test_accepting_todays_answers(tmp_path, capsys):
    """--accept writes them into the recording; from then on they are what is compared with."""
    mine = tmp_path / "mine"
    mine.mkdir()
    shutil.copy(PAGE, mine)
    where = config(tmp_path, SMALL_PAGE, order_pull=EXPRESS)
    assert run(str(mine), "--config", where, "--accept") == 0
    assert run(str(mine), "--config", where) == 0
    assert run(str(mine)) == 1
    assert '- "Express"' in capsys.readouterr().out


def test_what_the_ledger_answered_is_skipped(tmp_path, capsys):
    """There is nothing to run again."""
    one = files.read(PACKAGE)
    header = one.header.model_copy(update={"outcome": "replayed"})
    files.write(Cassette(header, one.call), tmp_path / "again.yaml")
    assert run(str(tmp_path)) == 0
    assert "skipped: it was answered by the ledger alone" in capsys.readouterr().out


def test_an_old_api_version_is_told(tmp_path, capsys):
    """A recording whose API version Shopify no longer serves: a warning, not a difference."""
    one = files.read(CASSETTES / "catalog_get_config" / "configured.yaml")
    header = one.header.model_copy(update={"api_version": "2024-01"})
    files.write(Cassette(header, one.call), tmp_path / "old.yaml")
    assert run(str(tmp_path)) == 0
    assert "warning: [C501] Shopify no longer supports 2024-01" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"policies": {"order_pull": {"page_syze": 3}}}, "name a configuration with --config"),
        ({"format": 9}, "written by a later version"),
    ],
)
def test_a_recording_that_cannot_be_replayed(tmp_path, capsys, change, said):
    """Which file, and what to do."""
    one = files.read(PACKAGE)
    file = tmp_path / "x.yaml"
    files.write(Cassette(one.header.model_copy(update=change), one.call), file)
    assert run(str(file)) == 1
    error = capsys.readouterr().err
    assert str(file) in error
    assert said in error
    assert "Traceback" not in error


def test_a_folder_without_recordings(tmp_path, capsys):
    """Exit 1: nothing compared is not nothing different."""
    assert run(str(tmp_path)) == 1
    assert "there is no recording" in capsys.readouterr().err


def test_a_mapping_that_is_wrong_is_a_configuration_error(tmp_path, capsys):
    """Exit 78 with the place, as everywhere."""
    where = config(tmp_path, order_pull='[order]\nship_service_code = "order.nonsense"\n')
    assert run(str(PAGE), "--config", where) == 78
    assert "order_pull.toml:2:" in capsys.readouterr().err


def test_record_turns_channels_on(tmp_path):
    """--out and --channel: the folder, and only the channel that is named."""
    settings = settings_for("http://127.0.0.1:9", tmp_path)
    made = recorded(settings, 21, tmp_path / "here")
    assert made.channels[0].record
    assert made.recording.folder == tmp_path / "here"
    assert recorded(settings, None, None).recording.folder == settings.recording.folder
    with pytest.raises(Exception, match="no channel has the id 22"):
        recorded(settings, 22, None)


@pytest.mark.parametrize(
    ("recorded_value", "now", "paths"),
    [
        ({"a": 1}, {"a": 1.0}, []),
        ({"a": 1}, {"a": True}, ["a"]),
        ({"a": [1, 2]}, {"a": [1, 3, 4]}, ["a[1]", "a[2]"]),
        ({"a": {"b": None}}, {"a": {}}, ["a.b"]),
        ([{"sku": "A", "n": 1}, {"sku": "B"}], [{"sku": "B"}, {"sku": "A", "n": 2}],
         ["[sku=A].n", " (order)"]),
        ([{"sku": "A"}, {"sku": "A"}], [{"sku": "A"}], ["[1]"]),
        ("x", None, [""]),
    ],
)  # fmt: skip
def test_differences(recorded_value, now, paths):
    """Leaf by leaf; elements of lists by their identity where they have one."""
    assert [d.path for d in differences("answer", recorded_value, now)] == paths
