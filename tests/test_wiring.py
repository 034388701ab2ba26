"""From settings to a running engine: what is wrong is found before the first call."""

import pytest

from bridge.errors import ConfigError
from bridge.wiring import load_mappings, shipped_mappings
from tests.actions.test_order_offer import channel


def test_the_shipped_mappings_load() -> None:
    """Every mapping that an action uses is shipped and sound."""
    shipped = {f.stem for f in shipped_mappings().glob("*.toml")}
    assert set(load_mappings(channel())) == {s for s in shipped if not s.endswith(".test")}


def test_a_misspelt_mapping_file_stops_the_start(tmp_path) -> None:
    """A file that no action reads is named, with the name that was probably meant."""
    (tmp_path / "order_pul.toml").write_text("")
    own = channel().model_copy(update={"mappings_dir": tmp_path})
    with pytest.raises(ConfigError, match=r"did you mean order_pull\.toml"):
        load_mappings(own)


def test_a_missing_mappings_folder_stops_the_start(tmp_path) -> None:
    """mappings_dir names a folder that is there."""
    own = channel().model_copy(update={"mappings_dir": tmp_path / "gone"})
    with pytest.raises(ConfigError, match="not a folder"):
        load_mappings(own)


def test_all_mistakes_of_all_files_are_told_at_once(tmp_path) -> None:
    """A wrong name in one file and a wrong field in another come together, each with its place."""
    (tmp_path / "stranger.toml").write_text("")
    (tmp_path / "order_pull.toml").write_text('[order]\ngift_mesage = "order.note"\n')
    own = channel().model_copy(update={"mappings_dir": tmp_path})
    with pytest.raises(ConfigError) as caught:
        load_mappings(own)
    assert len(caught.value.findings) == 2
    assert caught.value.findings[0].line == 2
