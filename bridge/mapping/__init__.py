"""Pure: TOML mapping files, compiled once, rendered for every order and row."""
