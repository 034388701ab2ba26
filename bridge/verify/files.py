"""A verification for programs: JSON, and JUnit's XML as build servers read it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from bridge.verify.rules import Response
from bridge.verify.run import Result, example
from bridge.verify.schema import Fault

# What XML 1.0 cannot carry, not even escaped (its production Char).
_NOT_XML = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def as_json(base_url: str, results: Sequence[Result], *, verbose: bool = False) -> dict[str, Any]:
    """The report as JSON values.

    ``passed`` is what the exit code says. Each result has ``action``, ``outcome``, and ``answer``
    and ``refusal`` (to the good and to the wrong key; null where nothing was asked) with
    ``status`` (0: no answer), ``content_type``, ``ms`` and all ``faults``; if ``verbose`` also the
    ``request`` without its key, and each ``body`` as text.
    """
    return {
        "base_url": base_url,
        "passed": passed(results),
        "results": [_result(one, verbose=verbose) for one in results],
    }


def passed(results: Sequence[Result]) -> bool:
    """Whether nothing failed and something was verified: a check that checked nothing is none."""
    outcomes = {one.outcome for one in results}
    return "failed" not in outcomes and "ok" in outcomes


def as_junit(base_url: str, results: Sequence[Result]) -> bytes:
    """The report as JUnit's XML: one suite, and for each action the cases answer and refusal."""
    cases = [case for one in results for case in _cases(one)]
    suite = Element(
        "testsuite",
        name=_xml(f"RetailOps SDK at {base_url}"),
        tests=str(len(cases)),
        failures=str(sum(case.find("failure") is not None for case in cases)),
        errors="0",
        skipped=str(sum(case.find("skipped") is not None for case in cases)),
        time=f"{sum(float(case.get('time', '0')) for case in cases):.3f}",
    )
    suite.extend(cases)
    root = Element("testsuites")
    root.append(suite)
    indent(root)
    text: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return text + b"\n"


def _result(one: Result, *, verbose: bool) -> dict[str, Any]:
    told: dict[str, Any] = {"action": one.action, "outcome": one.outcome}
    if verbose:
        told["request"] = example(one.action)
    told["answer"] = _answer(one.good, one.good_faults, verbose=verbose)
    told["refusal"] = _answer(one.refusal, one.refusal_faults, verbose=verbose)
    return told


def _answer(
    response: Response | None, faults: Sequence[Fault], *, verbose: bool
) -> dict[str, Any] | None:
    if response is None:
        return None
    told: dict[str, Any] = {
        "status": response.status,
        "content_type": response.content_type,
        "ms": round(response.seconds * 1000, 1),
        "faults": [{"place": fault.place, "message": fault.message} for fault in faults],
    }
    if verbose:
        told["body"] = response.body.decode("utf-8", "replace")
    return told


def _cases(one: Result) -> list[Element]:
    pairs = (
        ("answer", one.good, one.good_faults),
        ("refusal of a wrong key", one.refusal, one.refusal_faults),
    )
    return [_case(one, name, response, faults) for name, response, faults in pairs]


def _case(one: Result, name: str, response: Response | None, faults: Sequence[Fault]) -> Element:
    seconds = response.seconds if response is not None else 0.0
    case = Element("testcase", classname=one.action, name=name, time=f"{seconds:.3f}")
    if one.outcome == "not served":
        SubElement(case, "skipped", message="the server says that it does not serve this action")
    elif faults:
        lines = [_xml(str(fault)) for fault in faults]
        SubElement(case, "failure", message=lines[0]).text = "\n".join(lines)
    return case


def _xml(text: str) -> str:
    return _NOT_XML.sub("\ufffd", text)
