"""The bridge in other people's tests: fixtures for pytest, there for whoever installs the package."""
