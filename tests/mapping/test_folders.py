"""What lies in a merchant's folder and is read by nobody."""

from pathlib import Path

import pytest

from bridge.strangers import MAX_ENTRIES, buried_in, strangers_in
from bridge.wiring import buried, shipped_mappings


@pytest.fixture
def write(tmp_path: Path):
    """``write(name, text)`` puts a file into the folder."""

    def put(name: str, text: str = "[order]\n") -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
        return path

    return put


def told(folder: Path, *others: Path) -> list[tuple[str, str, str, str]]:
    """Path below the folder, code, message and hint, the folder's own path left out."""
    found = list(buried_in(folder, others))
    assert {f.severity for f in found} <= {"warning"}
    return [
        (
            str(Path(f.path).relative_to(folder)),
            f.code,
            f.message.replace(f"{folder}/", ""),
            f.hint.replace(f"{folder}/", ""),
        )
        for f in found
    ]


def test_a_mapping_in_a_subfolder_is_told(tmp_path: Path, write) -> None:
    """Each with what is read instead and what to do: by its name, a slip in it, or its tables."""
    write("order_update.toml", "")
    write("orders/order_pull.toml")
    write("orders/order_update.toml")
    write("orders/more/ordr_pull.toml", "not toml")
    write("orders/order_pull.test.toml", "")
    write("orders/shipping.toml", '[order]\ngift_message = "order.note"\n')
    write("tables/carriers.toml", '[tables.carrier]\nups = "UPS"\n')
    write("tests/express.toml", "[[case]]\n")
    write("b2b/inventory_push.TOML.txt", "")
    nobody, mine = "nobody reads a mapping in a subfolder", "or let a channel's mappings_dir be"
    shipped = f"{nobody}: order_pull is the shipped one alone"
    tables = "its tables belong into a mapping's own file"
    assert told(tmp_path) == [
        (
            "b2b/inventory_push.TOML.txt",
            "M606",
            f"{nobody}: inventory_push is the shipped one alone",
            f"move it to inventory_push.toml; {mine} b2b",
        ),
        (
            "orders/order_pull.test.toml",
            "M606",
            "nobody runs tests in a subfolder",
            f"move it to order_pull.test.toml; {mine} orders",
        ),
        (
            "orders/order_pull.toml",
            "M606",
            shipped,
            f"move it to order_pull.toml; {mine} orders",
        ),
        (
            "orders/order_update.toml",
            "M606",
            f"{nobody}: order_update is order_update.toml",
            f"merge it into order_update.toml; {mine} orders",
        ),
        ("orders/shipping.toml", "M606", shipped, f"move it to order_pull.toml; {mine} orders"),
        (
            "orders/more/ordr_pull.toml",
            "M606",
            shipped,
            f"move it to order_pull.toml; {mine} orders/more",
        ),
        ("tables/carriers.toml", "M606", nobody, f"{tables}; {mine} tables"),
        (
            "tests/express.toml",
            "M606",
            "nobody runs tests in a subfolder",
            f"put it beside its mapping; {mine} tests",
        ),
    ]


def test_what_may_lie_there_is_no_finding(tmp_path: Path, write) -> None:
    """Inputs of tests, data, hidden folders (a ConfigMap's too), another channel's folder."""
    write("order_pull.test.toml", '[[case]]\nname = "x"\ninput.file = "orders/order_pull.toml"\n')
    write("orders/order_pull.toml", 'note = "an input"\n')
    write("data/orders.toml", "answer = 42\n")
    write("data/broken.toml", "answer = \n")
    write("data/order_pull.json", "{}")
    write("plugin/pyproject.toml", "[project]\n")
    write("..2026_11_23/order_pull.toml")
    write(".old/order_pull.toml")
    write("channel-22/order_pull.toml")
    (tmp_path / "link").symlink_to(tmp_path / ".old")
    assert told(tmp_path, tmp_path / "channel-22") == []
    assert [path for path, *_ in told(tmp_path)] == ["channel-22/order_pull.toml"]


def test_the_shipped_folder_has_none(tmp_path: Path) -> None:
    """Its presets are read; no folder and no such folder have nothing below them."""
    assert list(buried(shipped_mappings())) == []
    assert list(buried(None)) == []
    assert list(buried(tmp_path / "none")) == []


def test_a_disk_is_not_gone_through(tmp_path: Path, write) -> None:
    """So many files, so far down: the start does not wait for a mappings_dir that is wrong."""
    write("a/b/c/order_pull.toml")
    write("a/b/c/d/order_pull.toml")
    assert [path for path, *_ in told(tmp_path)] == ["a/b/c/order_pull.toml"]
    (tmp_path / "0").mkdir()
    for number in range(MAX_ENTRIES):
        (tmp_path / "0" / f"{number}.json").touch()
    assert told(tmp_path) == []


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("order_pul.toml", "did you mean order_pull.toml?"),
        ("order_pul.test.toml", "did you mean order_pull.test.toml?"),
        ("order_pull_test.toml", "did you mean order_pull.test.toml?"),
        (
            "order_acknowledge.toml",
            "order_acknowledge needs no mapping: there is order_pull, inventory_push,",
        ),
        ("zzz.toml", "it may be: order_pull, inventory_push,"),
    ],
)
def test_a_name_that_no_action_reads(tmp_path: Path, write, name: str, hint: str) -> None:
    """In the folder itself it is a mistake, with the name that was probably meant."""
    write(name)
    (found,) = strangers_in(tmp_path)
    assert (found.code, found.severity) == ("M101", "error")
    assert found.hint.startswith(hint)
