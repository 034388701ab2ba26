"""Settings, from files and environment."""
