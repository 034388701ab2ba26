"""A merchant's file laid over the shipped one."""

from pathlib import Path

import pytest

from bridge.errors import ConfigError, MappingError
from tests.mapping.support import an_order, load

SHIPPED = """\
[order]
refnum = "order.legacyResourceId"
note   = "order.note | table: 'notes' | default: 'none'"
tags   = "order.tags"

[order.address]
city    = "order.shippingAddress.city"
country = "order.shippingAddress.country"

[order.items]
each = "order.lineItems"
as   = "line"
sku  = "line.sku"
quantity = "line.quantity"

[[order.attributes]]
handle = "'name'"
value  = "order.name"

[tables.notes]
a = "A"
b = "B"
"""


def render(folder: Path, *layers: str) -> dict[str, object]:
    """The standard order through these layers."""
    return load(folder, *layers).render({"order": an_order(note="b")})


def test_tables_merge_key_by_key(tmp_path: Path) -> None:
    """Keys of a later layer are added or replaced; the others stay."""
    own = (
        'order.note = "order.name"\n'
        'order.address.first_name = "order.shippingAddress.firstName"\n'
        '[order.items]\nwhen = "line.quantity > 0"\nsku = "line.title"\n'
    )
    found = render(tmp_path, SHIPPED, own)
    assert found["refnum"] == "1001"
    assert found["note"] == "#1001"
    assert found["address"] == {"city": "Bern", "country": "CH", "first_name": "Ada"}
    assert found["items"] == [{"sku": "Thing", "quantity": 3}]


def test_lookup_tables_merge_and_single_elements_are_replaced(tmp_path: Path) -> None:
    """Entries of a table are added; an array of tables is replaced whole."""
    own = (
        "[tables.notes]\nb = 'better'\n"
        '[[order.attributes]]\nhandle = "\'id\'"\nvalue = "order.legacyResourceId"\n'
    )
    found = render(tmp_path, SHIPPED, own)
    assert found["note"] == "better"
    assert found["attributes"] == [{"handle": "id", "value": "1001"}]


def test_three_layers(tmp_path: Path) -> None:
    """The last layer has the last word; an empty one says nothing."""
    found = render(tmp_path, SHIPPED, 'order.note = "order.name"', "", "order.note = \"'last'\"")
    assert found["note"] == "last"


def test_unset(tmp_path: Path) -> None:
    """Unset removes what earlier layers say, and the same layer may then say it anew."""
    own = 'unset = ["order.note", "order.address", "order.items.quantity", "order.attributes"]\n'
    found = render(tmp_path, SHIPPED, own)
    assert found == {
        "refnum": "1001",
        "tags": ["vip", "web"],
        "items": [{"sku": "A"}, {"sku": "B"}],
    }
    anew = own + 'order.address.country = "order.shippingAddress.country"'
    assert render(tmp_path, SHIPPED, anew)["address"] == {"country": "CH"}


def test_unset_of_what_is_not_there(tmp_path: Path) -> None:
    """A path that nothing stands at is a mistake, at the part of it that is wrong."""
    paths = ("order.note", "order.adress.city", "order.refnum.x", "order.zzzzz")
    own = "unset = [\n" + "".join(f'  "{path}",\n' for path in paths) + "]\n"
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, SHIPPED, own)
    path = str(tmp_path / "1.toml")
    found = caught.value.findings
    assert {(f.path, f.code) for f in found} == {(path, "M205")}
    assert [(f.line, f.column, f.length, f.hint) for f in found] == [
        (3, 10, 6, 'did you mean "address"?'),
        (4, 10, 6, "this is no table"),
        (5, 10, 5, "there is address, attributes, items, refnum, tags"),
    ]


def test_unset_of_a_required_field(tmp_path: Path) -> None:
    """What the target requires cannot be unset: that is told where the merchant unset it."""
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, SHIPPED, 'unset = ["order.refnum"]')
    (finding,) = caught.value.findings
    assert (finding.path, finding.code) == (str(tmp_path / "1.toml"), "M401")
    assert (finding.line, finding.column, finding.length) == (1, 10, 14)
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, SHIPPED, 'unset = ["order"]')
    (finding,) = caught.value.findings
    assert (finding.path, finding.line, finding.code) == (str(tmp_path / "1.toml"), 1, "M401")
    load(tmp_path, SHIPPED, 'unset = ["order.refnum"]', 'order.refnum = "order.name"')


def test_unset_without_the_first_table(tmp_path: Path) -> None:
    """A path that lacks the table at its beginning is told the whole path."""
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, SHIPPED, 'unset = ["note"]')
    (finding,) = caught.value.findings
    assert (finding.code, finding.hint) == ("M205", 'did you mean "order.note"?')


def test_findings_and_errors_name_the_layer(tmp_path: Path) -> None:
    """A mistake of the merchant's file is told with that file, at load and at run time."""
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, SHIPPED, 'order.note = "order.nam"', "order.count = 'x'")
    assert [(f.path, f.line, f.column) for f in caught.value.findings] == [
        (str(tmp_path / "1.toml"), 1, 21),
        (str(tmp_path / "2.toml"), 1, 16),
    ]
    module = load(tmp_path, SHIPPED, "order.refnum = \"order.name | remove: '#1001'\"")
    with pytest.raises(MappingError) as stopped:
        module.render({"order": an_order()})
    assert stopped.value.place == f"{tmp_path / '1.toml'}:1:16"


def test_unreadable_layers_are_told_together(tmp_path: Path) -> None:
    """Two files that are no TOML are two findings."""
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, "a =", "b =")
    assert [f.path[-6:] for f in caught.value.findings] == ["0.toml", "1.toml"]


def test_a_rule_replaces_a_table_and_the_reverse(tmp_path: Path) -> None:
    """Where the kinds differ, the later layer's node stands alone."""
    found = render(tmp_path, SHIPPED, "[[order.items]]\nsku = \"'only'\"\n")
    assert found["items"] == [{"sku": "only"}]
