"""Recorded calls run as the server runs them, without HTTP."""

from __future__ import annotations

from bridge.recording.replay import Job
from bridge.server.edge import run_call
from bridge.server.replies import Reply


async def run_as_served(job: Job) -> Reply:
    """One recorded call, for ``bridge.recording.replay.Replayer``."""
    return await run_call(
        job.engine,
        job.spec,
        job.channel,
        job.call,
        configured=job.engine.channels,
        request_id=job.request_id,
        deadline=job.deadline,
    )
