"""Settings from a real file and an environment: what is read, what is refused, and where."""

import importlib
import re
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from bridge.config import load
from bridge.errors import ConfigError

load_module = importlib.import_module("bridge.config.load")  # the name is the function's too

KEY = "k3yK3yk3yK3yk3yK3yk3yK3yk3yK3yab"
GOOD = f"""
[defaults.order_pull]
pull_since = 2026-11-23

[[channels]]
id = 21
shop = "example.myshopify.com"
auth_key = "{KEY}"
[channels.shopify]
token = "shpat_verysecret"
"""


def write(folder: Path, text: str) -> Path:
    """A configuration file with this text."""
    path = folder / "config.toml"
    path.write_text(text, "utf-8")
    return path


def findings(folder: Path, text: str, environ: dict[str, str] | None = None):
    """The error that loading this text raises."""
    with pytest.raises(ConfigError) as caught:
        load(write(folder, text), environ or {})
    return caught.value


def codes(error: ConfigError) -> list[str]:
    """The findings' codes."""
    return [f.code for f in error.findings]


def test_the_smallest_file(tmp_path):
    """Four facts are enough; everything else has a default."""
    settings = load(write(tmp_path, GOOD), {})
    channel = settings.channels[0]
    assert channel.id == 21
    assert channel.order_pull.pull_since == date(2026, 11, 23)
    assert channel.shopify.token is not None
    assert channel.shopify.token.get_secret_value() == "shpat_verysecret"
    assert settings.server.deadline_seconds == 240


def test_secrets_show_in_no_repr(tmp_path):
    """Printing the settings, as every debugger does, tells no secret."""
    settings = load(write(tmp_path, GOOD), {})
    assert "verysecret" not in repr(settings)
    assert KEY not in repr(settings)
    assert KEY not in settings.model_dump_json()


def test_defaults_are_laid_under_each_channel(tmp_path):
    """A channel's own key wins; its neighbours in the same table still come from defaults."""
    text = GOOD.replace("2026-11-23", "2026-11-23\ntags_exclude = ['a']\npage_size = 10")
    text += "[channels.order_pull]\npage_size = 20\n"
    pull = load(write(tmp_path, text), {}).channels[0].order_pull
    assert (pull.page_size, pull.tags_exclude) == (20, ("a",))
    assert pull.pull_since == date(2026, 11, 23)


def test_facilities_merge_by_name(tmp_path):
    """Tables of the merchant's own names are merged as well."""
    text = '[defaults.inventory_push.facilities]\nEast = "A"\nWest = "B"\n' + GOOD
    text += '[channels.inventory_push.facilities]\nWest = "C"\n'
    push = load(write(tmp_path, text), {}).channels[0].inventory_push
    assert push.facilities == {"East": "A", "West": "C"}


def test_environment_wins_over_the_file(tmp_path):
    """Every kind of setting can come from the environment, channels by their id."""
    settings = load(
        write(tmp_path, GOOD + "[channels.order_pull]\npage_size = 3\n"),
        {
            "RETAILOPS_BRIDGE__SERVER__PORT": "9090",
            "RETAILOPS_BRIDGE__SERVER__DEADLINE_SECONDS": "15",
            "RETAILOPS_BRIDGE__DEFAULTS__ORDER_PULL__PULL_UNPAID": "true",
            "RETAILOPS_BRIDGE__DEFAULTS__ORDER_PULL__TAGS_INCLUDE": '["web", "b2b"]',
            "RETAILOPS_BRIDGE__CHANNELS__21__ORDER_PULL__PULL_SINCE": "2026-01-02T00:00:00Z",
            "RETAILOPS_BRIDGE__CHANNELS__21__AUTH_KEY": "Z" * 32,
            "RETAILOPS_BRIDGE__CHANNELS__21__INVENTORY_PUSH__FACILITIES": '{"East 1" = "A"}',
        },
    )
    channel = settings.channels[0]
    assert settings.server.port == 9090
    assert settings.server.deadline_seconds == 15
    assert channel.order_pull.pull_unpaid is True
    assert channel.order_pull.page_size == 3
    assert channel.order_pull.tags_include == ("web", "b2b")
    assert channel.order_pull.pull_since == datetime(2026, 1, 2, tzinfo=UTC)
    assert channel.auth_key.get_secret_value() == "Z" * 32
    assert channel.inventory_push.facilities == {"East 1": "A"}


def test_no_file_at_all(tmp_path, monkeypatch):
    """A container may be told everything by its environment."""
    monkeypatch.chdir(tmp_path)
    settings = load(
        None,
        {
            "RETAILOPS_BRIDGE__CHANNELS__7__SHOP": "example.myshopify.com",
            "RETAILOPS_BRIDGE__CHANNELS__7__AUTH_KEY": KEY,
            "RETAILOPS_BRIDGE__CHANNELS__7__SHOPIFY__TOKEN": "shpat_x",
            "RETAILOPS_BRIDGE__CHANNELS__7__ORDER_PULL__PULL_SINCE": "2026-01-01",
        },
    )
    assert settings.channels[0].id == 7
    assert settings.ledger.path == tmp_path / "ledger.sqlite3"


def test_the_file_is_named_by_the_environment(tmp_path):
    """RETAILOPS_BRIDGE_CONFIG stands in for --config."""
    path = write(tmp_path, GOOD)
    assert load(None, {"RETAILOPS_BRIDGE_CONFIG": str(path)}).channels[0].id == 21


def test_secrets_from_files(tmp_path):
    """token_file and its like, relative to the configuration's folder, last line end removed."""
    (tmp_path / "key").write_text(KEY + "\n")
    (tmp_path / "token").write_text("shpat_fromfile\n")
    text = GOOD.replace(f'auth_key = "{KEY}"', 'auth_key_file = "key"')
    text = text.replace('token = "shpat_verysecret"', 'token_file = "token"')
    channel = load(write(tmp_path, text), {}).channels[0]
    assert channel.auth_key.get_secret_value() == KEY
    assert channel.shopify.token is not None
    assert channel.shopify.token.get_secret_value() == "shpat_fromfile"


def test_a_secret_file_from_the_environment_replaces_the_file_s_secret(tmp_path):
    """As Docker and Kubernetes hand secrets over: ..._FILE, whichever form the file has."""
    (tmp_path / "key").write_text("Q" * 32)
    name = "RETAILOPS_BRIDGE__CHANNELS__21__AUTH_KEY_FILE"
    channel = load(write(tmp_path, GOOD), {name: str(tmp_path / "key")}).channels[0]
    assert channel.auth_key.get_secret_value() == "Q" * 32


def test_paths_are_relative_to_the_file(tmp_path, monkeypatch):
    """Where the process happens to be started changes nothing."""
    monkeypatch.chdir("/")
    text = '[ledger]\npath = "data/l.sqlite3"\n' + GOOD.replace(
        "id = 21", 'id = 21\nmappings_dir = "mine"'
    )
    (tmp_path / "mine").mkdir()
    settings = load(write(tmp_path, text), {})
    assert settings.ledger.path == tmp_path / "data/l.sqlite3"
    assert settings.channels[0].mappings_dir == tmp_path / "mine"
    assert load(write(tmp_path, GOOD), {}).ledger.path == tmp_path / "ledger.sqlite3"


def test_syntax_error_has_its_place(tmp_path):
    """C102 with line and column, and not the line itself: it may hold a secret."""
    error = findings(tmp_path, GOOD.replace('"shpat_verysecret"', '"shpat_verysecret'))
    assert codes(error) == ["C102"]
    assert "config.toml:10:26" in str(error)
    assert "verysecret" not in str(error)


def test_unknown_keys_everywhere_with_a_suggestion(tmp_path):
    """Each one at its own line, with what was probably meant."""
    text = "[sever]\n[server]\nprt = 1\n" + GOOD.replace("token =", "tokn =")
    error = findings(tmp_path, text)
    assert codes(error) == ["C201", "C201", "C201"]
    said = str(error)
    assert "config.toml:1:2: error[C201] unknown key sever" in said
    assert "config.toml:3:1: error[C201] unknown key server.prt" in said
    assert "did you mean 'port'?" in said
    assert "did you mean 'token'?" in said
    assert "verysecret" not in said


def test_wrong_types_and_values(tmp_path):
    """No quiet conversion: "8080" is not a number, false is not 0; all are told at once."""
    text = '[server]\nport = "8080"\n[logging]\nlevel = "loud"\n' + GOOD.replace(
        "2026-11-23", "2026-11-23\nminimum_age_minutes = false\npage_size = 101"
    )
    error = findings(tmp_path, text)
    assert codes(error) == ["C302"] * 4
    said = str(error)
    assert "config.toml:2:1: error[C302] server.port: should be a valid integer" in said
    assert "'debug', 'info', 'warning' or 'error'" in said
    assert "defaults.order_pull.page_size" in said


@pytest.mark.parametrize("value", ["inf", "nan", "-1.0", "0"])
def test_no_endless_deadline(tmp_path, value):
    """A deadline is a positive, finite number of seconds."""
    error = findings(tmp_path, f"[server]\ndeadline_seconds = {value}\n" + GOOD)
    assert codes(error) == ["C302"]


def test_missing_keys_point_at_their_table(tmp_path):
    """The channel's header is where a missing key belongs."""
    text = GOOD.replace(f'auth_key = "{KEY}"', "")
    error = findings(tmp_path, text)
    assert codes(error) == ["C301"]
    assert "config.toml:5:3" in str(error)
    assert "channels[0].auth_key (or auth_key_file) is missing" in str(error)


def test_no_channel(tmp_path):
    """An empty file says what is needed and where to see it."""
    error = findings(tmp_path, "")
    assert codes(error) == ["C301"]
    assert "config.example.toml" in str(error)


def test_missing_file():
    """Not a traceback."""
    with pytest.raises(ConfigError, match="C101"):
        load(Path("/nowhere/config.toml"), {})


def test_unknown_environment_variables(tmp_path):
    """A misspelt variable is as bad as a misspelt key; Kubernetes' own are left alone."""
    error = findings(
        tmp_path,
        GOOD,
        {
            "RETAILOPS_BRIDGE__SERVER__PROT": "1",
            "RETAILOPS_BRIDGE__SERVER": "1",
            "RETAILOPS_BRIDGE__CHANNELS__X__SHOP": "1",
            "RETAILOPS_BRIDGE__CHANNELS__21": "1",
            "RETAILOPS_BRIDGE_PORT": "tcp://10.0.0.1:8080",
        },
    )
    assert codes(error) == ["C203"] * 4
    assert "RETAILOPS_BRIDGE__SERVER__PROT: error[C203]" in str(error)
    assert "did you mean 'port'?" in str(error)


def test_a_wrong_value_from_the_environment_names_the_variable(tmp_path):
    """The file is not to blame."""
    error = findings(tmp_path, GOOD, {"RETAILOPS_BRIDGE__SERVER__PORT": "many"})
    assert str(error).startswith("RETAILOPS_BRIDGE__SERVER__PORT: error[C302] server.port")


def cross(old: str, new: str) -> str:
    """The good file with one change."""
    assert old in GOOD
    return GOOD.replace(old, new)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (cross(KEY, "short"), "C401"),
        (cross(KEY, KEY[:-1] + "_"), "C401"),
        (cross(KEY, KEY[:-1] + "é"), "C401"),
        (cross(KEY, "RETAILOPS_SDK"), "C402"),
        (cross("token =", 'endpoint = "http://127.0.0.1:1"\ntoken ='), "C403"),
        (cross("pull_since = 2026-11-23", ""), "C404"),
        (cross('token = "', 'token_file = "t"\ntoken = "'), "C405"),
        (cross('token = "shpat_verysecret"', ""), "C406"),
        (cross('token = "shpat_verysecret"', 'client_id = "a"'), "C406"),
        (cross("token =", 'client_id = "a"\nclient_secret = "b"\ntoken ='), "C406"),
        (cross('"shpat_verysecret"', '"shpat_very\\nsecret"'), "C406"),
        (cross('"shpat_verysecret"', '""'), "C406"),
        (cross("id = 21", 'id = 21\napi_version = "2026-04"'), "C408"),
        (cross("2026-11-23", "2026-11-23T08:00:00"), "C410"),
        (cross("id = 21", 'id = 21\nmappings_dir = "nowhere"'), "C411"),
    ],
)
def test_what_must_be_true_between_settings(tmp_path, text, code):
    """One finding, with the documented code and a place in the file; never the secret."""
    error = findings(tmp_path, text)
    assert codes(error) == [code]
    assert error.findings[0].line > 0
    assert "verysecret" not in str(error)
    assert KEY not in str(error)


def test_tracing_needs_its_libraries(tmp_path, monkeypatch):
    """C414 at the start, with the command that brings them, not an import error later."""
    checks = importlib.import_module("bridge.config.checks")
    monkeypatch.setattr(checks, "_installed", lambda _: False)
    error = findings(tmp_path, "[tracing]\nenabled = true\n" + GOOD)
    assert codes(error) == ["C414"]
    assert "[otel]" in error.findings[0].hint


def test_two_channels_must_differ(tmp_path):
    """One id or one key in two channels: a call could not be told apart."""
    second = GOOD[GOOD.index("[[channels]]") :]
    assert codes(findings(tmp_path, GOOD + second)) == ["C407"]
    error = findings(tmp_path, GOOD + second.replace("id = 21", "id = 22"))
    assert codes(error) == ["C407"]
    assert "channel 21 has the same auth_key" in str(error)


def test_what_only_a_test_may_do(tmp_path):
    """The verifier's key, another endpoint and no pull_since: fine when environment = "test"."""
    text = GOOD.replace(KEY, "RETAILOPS_SDK").replace("pull_since = 2026-11-23", "")
    text = 'environment = "test"\n' + text + 'endpoint = "http://127.0.0.1:8081"\n'
    assert load(write(tmp_path, text), {}).channels[0].auth_key.get_secret_value() == (
        "RETAILOPS_SDK"
    )


@pytest.mark.parametrize("endpoint", ["127.0.0.1:8081", "ftp://x", "http://a b", "http://x/y", ""])
def test_an_endpoint_is_a_base_url(tmp_path, endpoint):
    """Paths are the bridge's to add."""
    text = 'environment = "test"\n' + cross("token =", f'endpoint = "{endpoint}"\ntoken =')
    assert codes(findings(tmp_path, text)) == ["C412"]


def test_every_code_is_explained():
    """The list at the top of load.py has exactly the codes that are used."""
    folder = Path(load_module.__file__).parent
    used = {
        code
        for path in folder.glob("*.py")
        for code in re.findall(r'"(C\d{3})"', path.read_text("utf-8"))
    }
    assert used == set(re.findall(r"C\d{3}", load_module.__doc__ or ""))


def test_the_shop_domain_is_checked_by_who_knows(tmp_path):
    """The checker's answer is used; its refusal is a finding at the shop's line."""

    def checker(text: str) -> str:
        if "evil" in text:
            raise ValueError("it has a path")
        return text.lower()

    path = write(tmp_path, GOOD.replace("example.my", "Example.my"))
    assert load(path, {}, shop_domain=checker).channels[0].shop == "example.myshopify.com"
    path = write(tmp_path, GOOD.replace("example.my", "evil.com/example.my"))
    with pytest.raises(ConfigError, match="C409") as caught:
        load(path, {}, shop_domain=checker)
    assert "config.toml:7:1" in str(caught.value)


@pytest.mark.parametrize(("content", "code"), [(None, "C101"), ("", "C303"), ("a\nb\n", "C303")])
def test_bad_secret_files(tmp_path, content, code):
    """Missing, empty, or more than one line: said with the file's name, never its content."""
    if content is not None:
        (tmp_path / "t").write_text(content)
    text = GOOD.replace('token = "shpat_verysecret"', 'token_file = "t"')
    assert codes(findings(tmp_path, text)) == [code]


def test_a_secret_twice_from_the_environment(tmp_path):
    """Both forms of one secret in the environment contradict each other."""
    name = "RETAILOPS_BRIDGE__CHANNELS__21__AUTH_KEY"
    error = findings(tmp_path, GOOD, {name: "Q" * 32, f"{name}_FILE": "/x"})
    assert codes(error) == ["C405"]


@pytest.mark.parametrize("text", ["channels = 3\n", "[channels]\nid = 1\n", "channels = [1]\n"])
def test_channels_of_a_wrong_shape(tmp_path, text):
    """A finding, not a traceback, even with variables for a channel."""
    environ = {"RETAILOPS_BRIDGE__CHANNELS__21__SHOP": "x"}
    assert "C302" in codes(findings(tmp_path, text, environ)) or text == "channels = [1]\n"
    with pytest.raises(ConfigError):
        load(write(tmp_path, text), {})
