"""The SDK's own check finds what is wrong with a server, and nothing where nothing is."""
