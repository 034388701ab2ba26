"""Settings: a TOML file and the environment, read into frozen models."""
