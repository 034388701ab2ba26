"""Proofs of exactly-once: crashes, faults, many callers at once, conservation.

``docs/explanation/proof.md`` tells what each of them shows.
"""
