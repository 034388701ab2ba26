"""The bridge in other people's tests: fixtures for pytest, for whoever installs the package."""
