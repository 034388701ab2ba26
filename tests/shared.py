"""Where the evidence lies, when it is there: a folder ``shared`` beside the checkout."""

from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[2] / "shared"

needs_shared = pytest.mark.skipif(
    not (SHARED / "README.md").is_file(),
    reason="needs the evidence folder 'shared' beside the checkout (official schemas, captures)",
)
