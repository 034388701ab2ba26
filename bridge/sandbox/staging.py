"""Staged uploads: places for files that a later mutation reads, as Google's storage serves them.

Captured: the form fields in their order, the key ``tmp/<shop>/bulk/<uuid>/<filename>``, the policy
(1 to 104,857,600 bytes, a day), the answer 201 with its XML. Documented by Google: what the policy
does not allow is refused with an XML ``Error``. Assumed: its words, and that a place takes one
file only (Google's would overwrite it: a client that relies on neither is right with both).
"""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

MAX_FILE: Final = 104_857_600  # captured: content-length-range of the policy, "100 MB"
LIFE: Final = timedelta(days=1)  # captured: the policy's expiration
BUCKET: Final = "shopify-staged-uploads"  # captured


class StorageRefused(Exception):
    """An upload that the storage does not take; ``code`` is one of Google's."""

    def __init__(self, status: int, code: str, message: str) -> None:
        self.status = status
        self.code = code
        super().__init__(message)


@dataclass(slots=True)
class Target:
    """One place: the form fields that must come before the file, and the file once it is there."""

    key: str
    fields: dict[str, str]
    expires_at: datetime
    content: bytes | None = field(default=None, repr=False)

    @property
    def parameters(self) -> list[dict[str, str]]:
        """The form fields as ``StagedUploadParameter``."""
        return [{"name": name, "value": value} for name, value in self.fields.items()]


class Staging:
    """The places of one store, by key. ``clock`` gives aware datetimes."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._targets: dict[str, Target] = {}

    def clear(self) -> None:
        """Forget all of them."""
        self._targets.clear()

    def offer(self, shop: int, filename: str, mime_type: str) -> Target:
        """A new place for a file of a shop (its number)."""
        now = self._clock()
        key = f"tmp/{shop}/bulk/{uuid.uuid4()}/{filename}"
        credential = f"merchant-assets@sandbox.invalid/{now:%Y%m%d}/auto/storage/goog4_request"
        fields = {
            "Content-Type": mime_type,
            "success_action_status": "201",
            "acl": "private",
            "key": key,
            "x-goog-date": f"{now:%Y%m%dT%H%M%SZ}",
            "x-goog-credential": credential,
            "x-goog-algorithm": "GOOG4-RSA-SHA256",
            "x-goog-signature": uuid.uuid4().hex,
        }
        fields["policy"] = _policy(fields, now + LIFE)
        self._targets[key] = Target(key, fields, now + LIFE)
        return self._targets[key]

    def check(self, fields: Mapping[str, str]) -> Target:
        """The place that these form fields open. Raises StorageRefused."""
        target = self._targets.get(fields.get("key", ""))
        if target is None:
            raise StorageRefused(403, "AccessDenied", "There is no upload for this key.")
        if self._clock() >= target.expires_at:
            raise StorageRefused(400, "ExpiredToken", "Invalid argument. Policy expired.")
        wrong = [name for name, value in target.fields.items() if fields.get(name) != value]
        if wrong:
            raise StorageRefused(
                403, "AccessDenied", f"Policy did not reference or match: {', '.join(wrong)}."
            )
        if target.content is not None:
            raise StorageRefused(403, "AccessDenied", "This upload has been used already.")
        return target

    def store(self, target: Target, content: bytes) -> None:
        """Keep a file. Raises StorageRefused when its size is none that the policy allows."""
        if not content:
            raise StorageRefused(400, "EntityTooSmall", "The upload is smaller than the minimum.")
        if len(content) > MAX_FILE:
            raise too_large()
        target.content = content

    def file(self, key: str) -> bytes | None:
        """An uploaded file; None when there is none under this key."""
        target = self._targets.get(key)
        return target.content if target is not None else None


def too_large() -> StorageRefused:
    """The refusal of a file over the policy's limit."""
    return StorageRefused(400, "EntityTooLarge", "The upload exceeds the maximum permitted size.")


def _policy(fields: Mapping[str, str], expires: datetime) -> str:
    conditions: list[object] = [
        {name: fields[name]} for name in ("Content-Type", "success_action_status", "acl")
    ]
    conditions += [["content-length-range", 1, MAX_FILE], {"bucket": BUCKET}]
    conditions += [
        {name: fields[name]}
        for name in ("key", "x-goog-date", "x-goog-credential", "x-goog-algorithm")
    ]
    policy = {"conditions": conditions, "expiration": f"{expires:%Y-%m-%dT%H:%M:%SZ}"}
    return base64.b64encode(json.dumps(policy, separators=(",", ":")).encode()).decode()
