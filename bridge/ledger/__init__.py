"""SQLite: what makes every effect happen once."""
