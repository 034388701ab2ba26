"""What two JSON values differ in, leaf by leaf, each with its path."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

JSON = Any
Change = Literal["changed", "added", "removed"]

# Fields by which the elements of a list are the same ones, wherever they stand.
IDENTITIES: Final = (
    "channel_order_refnum",
    "channel_item_refnum",
    "refnum",
    "order_item_id",
    "handle",
    "id",
    "ownerId",
    "inventoryItemId",
    "lineItemId",
    "sku",
)


@dataclass(frozen=True, slots=True)
class Difference:
    """One leaf (or a whole part) that is not as recorded. ``where``: the answer, or a request."""

    where: str
    path: str
    change: Change
    recorded: JSON = None
    now: JSON = None

    def as_json(self) -> dict[str, JSON]:
        """For programs."""
        out: dict[str, JSON] = {"where": self.where, "path": self.path, "change": self.change}
        if self.change != "added":
            out["recorded"] = self.recorded
        if self.change != "removed":
            out["now"] = self.now
        return out


def differences(where: str, recorded: JSON, now: JSON, path: str = "") -> Iterator[Difference]:
    """The differences of two values, in the order of their fields.

    Elements of lists are compared by their identity (a refnum, an id, a SKU) where all have one
    of their own, else by their place.
    """
    if isinstance(recorded, Mapping) and isinstance(now, Mapping):
        for name in [*recorded, *(n for n in now if n not in recorded)]:
            inner = f"{path}.{name}" if path else str(name)
            yield from _member(where, recorded, now, name, inner)
    elif _is_list(recorded) and _is_list(now):
        yield from _lists(where, recorded, now, path)
    elif not _equal(recorded, now):
        yield Difference(where, path, "changed", recorded, now)


def _member(
    where: str, recorded: Mapping[Any, JSON], now: Mapping[Any, JSON], name: object, path: str
) -> Iterator[Difference]:
    if name not in now:
        yield Difference(where, path, "removed", recorded=recorded[name])
    elif name not in recorded:
        yield Difference(where, path, "added", now=now[name])
    else:
        yield from differences(where, recorded[name], now[name], path)


def _lists(
    where: str, recorded: Sequence[JSON], now: Sequence[JSON], path: str
) -> Iterator[Difference]:
    field = next((f for f in IDENTITIES if _told_apart(recorded, f) and _told_apart(now, f)), None)
    old: dict[object, JSON] = dict(enumerate(recorded))
    new: dict[object, JSON] = dict(enumerate(now))
    if field is not None:
        old = {element[field]: element for element in recorded}
        new = {element[field]: element for element in now}
    for key in [*old, *(k for k in new if k not in old)]:
        inner = f"{path}[{key}]" if field is None else f"{path}[{field}={key}]"
        yield from _member(where, old, new, key, inner)
    if field is not None and list(old) != list(new) and set(old) == set(new):
        yield Difference(where, f"{path} (order)", "changed", list(old), list(new))


def _told_apart(elements: Sequence[JSON], field: str) -> bool:
    """Whether every element has this field, and each another value."""
    if not elements or not all(isinstance(e, Mapping) for e in elements):
        return False
    values = [e.get(field) for e in elements]
    plain = all(isinstance(v, str | int) and not isinstance(v, bool) for v in values)
    return plain and len(set(values)) == len(values)


def _is_list(value: JSON) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


def _equal(one: JSON, other: JSON) -> bool:
    """Equal, and of one kind: 1 is 1.0, but not true."""
    return bool(one == other) and isinstance(one, bool) == isinstance(other, bool)
