"""The command retailops-bridge: each command a thin call into the rooms."""
