"""The commands set up logging for their process, which here is everyone's."""

from tests.cli.conftest import logging_as_it_was

__all__ = ["logging_as_it_was"]
