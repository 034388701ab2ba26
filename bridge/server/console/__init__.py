"""The page at /console/: what this bridge does and what waits for a person. Off by default."""
