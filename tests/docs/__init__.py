"""Documentation cannot lag behind the code."""
