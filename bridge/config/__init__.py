"""Settings: a TOML file and the environment, read into frozen models."""

from bridge.config.load import CONFIG_VARIABLE, load
from bridge.config.models import ChannelSettings, Settings

__all__ = ["CONFIG_VARIABLE", "ChannelSettings", "Settings", "load"]
