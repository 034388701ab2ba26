"""The console: its rings, its door, its pages, in a browser and without one."""
