"""Where a setting came from, so that a mistake is shown at its place and its secret is not."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from bridge.errors import ConfigError, Finding
from bridge.places import TomlPlaces, syntax_error

Key = tuple[str | int, ...]


class Source:
    """One configuration file, perhaps absent, and the environment variables laid over it.

    A finding names ``file:line:column`` for what stands in the file and the variable's name
    for what does not. Values are never quoted: every second one would be a secret.
    """

    def __init__(self, path: Path | None, text: str) -> None:
        self.path = path
        self.findings: list[Finding] = []
        self._places = TomlPlaces(text)
        self._variables: dict[Key, str] = {}

    @property
    def folder(self) -> Path:
        """What relative paths are relative to: the file's folder, else the working directory."""
        return self.path.resolve().parent if self.path else Path.cwd()

    def overlaid(self, key: Key, variable: str) -> None:
        """Note that ``key`` and what lies under it was set by an environment variable."""
        self._variables[key] = variable

    def variable(self, key: Key) -> str | None:
        """The environment variable that set ``key``, if one did."""
        return self._variables.get(key)

    def add(
        self,
        key: Key,
        code: str,
        message: str,
        hint: str = "",
        *,
        severity: Literal["error", "warning"] = "error",
    ) -> None:
        """Note a mistake at ``key``, or at the nearest table around it that was written."""
        found = Finding("environment", 0, 0, code, message, hint, severity=severity)
        variables = (self._variables.get(key[:length]) for length in range(len(key), 0, -1))
        if variable := next((name for name in variables if name), None):
            found = replace(found, path=variable)
        elif self.path is not None:
            line, column = self._places.where(key)
            shown, length = self._key_only(line, column)
            path = str(self.path)
            found = replace(found, path=path, line=line, column=column, source=shown, length=length)
        self.findings.append(found)

    def _key_only(self, line: int, column: int) -> tuple[str, int]:
        """The source line as far as it is safe to show: the key or table header, no value."""
        text = self._places.line(line)
        before, rest = text[: column - 1], text[column - 1 :]
        if "=" in before:  # an inline table: another key's secret may stand before this one
            return "", 1
        key = rest.partition("=")[0].rstrip()
        shown = f"{before}{key} = ..." if "=" in rest else text.rstrip()
        return shown, max(1, len(key.rstrip("]")))

    def fail_if_any(self) -> None:
        """Raise ``ConfigError`` with everything that was found, if anything was."""
        if self.findings:
            raise ConfigError(self.findings)


def not_toml(path: Path, error: tomllib.TOMLDecodeError, text: str) -> ConfigError:
    """The ``ConfigError`` for a syntax error. The line is not shown: it may hold a secret."""
    message, line, column = syntax_error(error, text)
    return ConfigError([Finding(str(path), line, column, "C102", f"this is not TOML: {message}")])


def dotted(key: Sequence[Any]) -> str:
    """A key as it is written in the file: ``channels[0].shopify.token``."""
    out = ""
    for part in key:
        out += f"[{part}]" if isinstance(part, int) else f".{part}" if out else str(part)
    return out
