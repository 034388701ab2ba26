"""The console over HTTP, as a person without a browser sees it."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

from bridge.errors import LedgerError
from bridge.ledger import Ledger, NewStep
from bridge.server.console import pages
from bridge.server.console.access import BURST
from tests.console.visiting import PASSWORD, Outline, Visitor, visitor, watched
from tests.support import CHANNEL, SHOP, World, world

GID = "gid://shopify/Order/77"
WORD = {"applied": "yes", "who": "Ann", "note": "F2 is there"}


async def doubted(w: World, natural_id: str = "package 5", **more: object) -> str:
    """A step in doubt in the bridge's own ledger; its id."""
    ledger: Ledger = w.bridge.parts.ledger
    step = NewStep(
        execution_id="e1",
        channel=CHANNEL,
        shop=SHOP,
        order_gid=GID,
        key=natural_id,
        kind="fulfillment",
        natural_id=natural_id,
        operation="FulfillmentCreate",
        idempotency_key="",
        pre_image={"fulfillments": ["gid://shopify/Fulfillment/1"]},
        expect={"package": natural_id, "tracking": "<1Z9>"},
    )
    step_id = await ledger.begin_step(step)
    await ledger.doubt_step(step_id, note="time-out <b>after</b> 30 s")
    return step_id


async def settle(one: Visitor, step: str, **form: str) -> pages.web.Response:
    """Send the form of a step."""
    given = {"token": await one.token(), "step": step, **WORD, **form}
    return await one.post("resolve", {k: v for k, v in given.items() if v is not None})


# -- who may see it -------------------------------------------------------------------------------


async def test_it_is_off_unless_it_is_asked_for(tmp_path: Path):
    """404 everywhere below /console, as for any path that is not there."""
    async with world(tmp_path) as w, visitor(w, logged_in=False) as one:
        for path in ("", "login", "live", "console.css"):
            assert (await one.get(path)).status == 404
        assert (await one.post("login", {"password": PASSWORD})).status == 404


async def test_nobody_sees_anything_without_the_password(tmp_path: Path):
    """Pages lead to the login, the script is told 401, and no form does anything."""
    async with watched(tmp_path) as w, visitor(w, logged_in=False) as one:
        step = await doubted(w)
        page = await one.get()
        assert (page.status, page.headers["Location"], page.text) == (303, "login", "")
        live = await one.get("live")
        assert live.status == 401
        assert SHOP not in live.text
        answer = await one.post("resolve", {"step": step, **WORD, "token": "x"})
        assert (answer.status, answer.headers["Location"]) == (303, "login")
        assert (await w.bridge.parts.ledger.step(step)).state == "doubt"
        for forged in ("a.9999999999.b", "x"):
            assert (await one.get(Cookie=f"{pages.COOKIE}={forged}")).status == 303


async def test_the_cookie_is_for_this_site_and_no_script(tmp_path: Path):
    """HttpOnly, SameSite=Strict, an end; for TLS only in production."""
    async with watched(tmp_path) as w, visitor(w, logged_in=False) as one:
        answer = await one.login()
        assert (answer.status, answer.headers["Location"]) == (303, "./")
        cookie = answer.headers["Set-Cookie"]
        for word in ("HttpOnly", "SameSite=Strict", "Max-Age=28800", "Path=/"):
            assert word in cookie.split("; ")
        assert "Secure" not in cookie
        assert PASSWORD not in cookie
        assert (await one.get("login")).status == 303  # who is in need not log in
        w.settings = w.settings.model_copy(update={"environment": "production"})
        await w.restart()
        one.url = f"{w.url}/console/"
        assert "Secure" in (await one.login()).headers["Set-Cookie"].split("; ")


async def test_a_restart_ends_every_login(tmp_path: Path):
    """The key is made at the start."""
    async with watched(tmp_path) as w, visitor(w) as one:
        assert (await one.get()).status == 200
        await w.restart()
        one.url = f"{w.url}/console/"
        assert (await one.get()).status == 303


async def test_logging_out(tmp_path: Path):
    """The cookie is gone, and worth nothing to who has kept it; a foreign form logs nobody out."""
    async with watched(tmp_path) as w, visitor(w) as one:
        assert (await one.post("logout", {"token": "0" * 64})).status == 403
        token = await one.token()
        kept = next(iter(one._http.cookie_jar)).value
        answer = await one.post("logout", {"token": token})
        assert (answer.status, answer.headers["Location"]) == (303, "login")
        assert "Max-Age=0" in answer.headers["Set-Cookie"]
        assert (await one.get()).status == 303
        assert (await one.get(Cookie=f"{pages.COOKIE}={kept}")).status == 303


async def test_guessing_is_slow(tmp_path: Path):
    """The wrong password is 401; after ten, 429 with Retry-After, for the right one too."""
    async with watched(tmp_path) as w, visitor(w, logged_in=False) as one:
        for _ in range(BURST):
            answer = await one.login("wrong")
            assert answer.status == 401
            assert "This is not the password." in answer.text
        for password in ("wrong", PASSWORD):
            answer = await one.login(password)
            assert answer.status == 429
            assert 1 <= int(answer.headers["Retry-After"]) <= 6
            assert "Set-Cookie" not in answer.headers
        await w.advance(60)
        assert (await one.login()).status == 303


async def test_every_answer_has_the_headers(tmp_path: Path):
    """Pages, files, redirects, refusals: nothing inline runs, nobody frames it, nobody keeps it."""
    async with watched(tmp_path) as w, visitor(w) as one:
        answers = [
            await one.get(),
            await one.get("live"),
            await one.get("login"),
            await one.get("console.css"),
            await one.get("console.js"),
            await one.get("console.svg"),
            await one.post("resolve", {"token": "no"}),
            await one.post("login", {"password": "no"}, **{"Sec-Fetch-Site": "cross-site"}),
            await one.post("login", {"password": "x" * pages.FORM_BYTES}),
        ]
        assert [a.status for a in answers] == [200, 200, 303, 200, 200, 200, 403, 403, 400]
        for answer in answers:
            for name, value in pages.HEADERS.items():
                assert answer.headers[name] == value
        policy = dict(
            rule.split(" ", 1) for rule in pages.HEADERS["Content-Security-Policy"].split("; ")
        )
        assert policy["default-src"] == "'none'"
        assert policy["frame-ancestors"] == "'none'"
        assert "unsafe" not in str(policy)


async def test_another_sites_form_does_nothing(tmp_path: Path):
    """With the cookie and even the token: a browser says where a form came from."""
    async with watched(tmp_path) as w, visitor(w) as one:
        step = await doubted(w)
        form = {"step": step, **WORD}
        for token in ("", "0" * 64):
            assert (await one.post("resolve", {**form, "token": token})).status == 403
        form["token"] = await one.token()
        for site in ("cross-site", "same-site"):
            answer = await one.post("resolve", form, **{"Sec-Fetch-Site": site})
            assert answer.status == 403
        async with one._http.post(f"{one.url}resolve", json=form) as reply:
            assert reply.status == 400
        assert (await one.get("resolve")).status == 405
        assert (await w.bridge.parts.ledger.step(step)).state == "doubt"


# -- what it shows --------------------------------------------------------------------------------


async def test_behind_any_prefix(tmp_path: Path):
    """Without the slash it leads to the one with it; every link, form and file is relative."""
    async with watched(tmp_path) as w, visitor(w) as one:
        async with one._http.get(one.url[:-1], allow_redirects=False) as reply:
            assert (reply.status, reply.headers["Location"]) == (303, "console/")
        await doubted(w)
        page = Outline((await one.get()).text)
        for element in page.elements:
            for name in ("href", "src", "action"):
                value = element.attributes.get(name, "./")
                assert not value.startswith("/"), value
                assert not value.startswith("http") or value.startswith(f"https://{SHOP}/admin/")


async def test_what_a_bridge_has_done_is_there(tmp_path: Path):
    """Calls with outcome, codes and points; what is held back; mappings; health; refusals."""
    async with watched(tmp_path) as w, visitor(w) as one:
        first = (await one.get()).text
        assert "None since this process began." in first
        await w.post("order_pull")
        rows = [{"sku": "NO-SUCH-SKU", "quantity_available": 1}]
        await w.post("inventory_push", inventory_updates=rows)
        await w.post("order_pull", integration_auth_token="wrong")
        text = (await one.get()).text
        held = await w.bridge.parts.ledger.held_back(CHANNEL)
        assert held
        for said in (
            "order_pull",
            "inventory_push",
            '<span class="badge good">ok</span>',
            "<code>SKU_NOT_FOUND</code>",
            held[0].code,
            held[0].refnum,
            '<span class="badge bad">unauthorized</span> HTTP 401',
            "Loaded <time",
            "order_pull.toml",
            "/health/ready",
            f"pid {pages.os.getpid()}",
            "a restart forgets them",
        ):
            assert said in text, said
        assert "<svg" in text
        calls = re.findall(r'<th scope="row">(order_pull|inventory_push)</th>\s*<td><span', text)
        assert calls == ["inventory_push", "order_pull", "order_pull"]


async def test_the_page_is_well_made(tmp_path: Path):
    """Landmarks, headings in order, captions, scopes, labels, no id twice, nothing inline."""
    async with watched(tmp_path) as w, visitor(w) as one:
        await doubted(w)
        await w.post("order_pull")
        console = (await one.get()).text
    for text in (console, pages.environment().get_template("login.html").render(message="No.")):
        page = Outline(text)
        assert page.elements[0].attributes == {"lang": "en"}
        assert len(page.all("main")) == len(page.all("h1")) == 1
        levels = [int(e.tag[1]) for e in page.elements if re.fullmatch("h[1-6]", e.tag)]
        assert all(b <= a + 1 for a, b in itertools.pairwise(levels))
        ids = [e.attributes["id"] for e in page.elements if "id" in e.attributes]
        assert len(ids) == len(set(ids))
        for element in page.elements:
            assert "style" not in element.attributes
            assert not any(name.startswith("on") for name in element.attributes)
            for name in ("for", "aria-labelledby", "aria-describedby"):
                assert set(element.attributes.get(name, "").split()) <= set(ids), element
            if element.attributes.get("href", "").startswith("#"):
                assert element.attributes["href"][1:] in ids
        labelled = {e.attributes["for"] for e in page.all("label") if "for" in e.attributes}
        for field in page.all("input"):
            kind = field.attributes.get("type")
            assert (
                kind == "hidden"
                or field.attributes.get("id") in labelled | set()
                or ("label" in field.around)
            ), field
        for script in page.all("script"):
            assert script.text == ""
        assert page.all("style") == []
        assert len(page.all("table")) == len(page.all("caption"))
        for cell in page.all("th"):
            assert cell.attributes["scope"] == ("col" if "thead" in cell.around else "row")
    page = Outline(console)
    for landmark in ("header", "nav", "main", "footer"):
        assert len(page.all(landmark)) == 1
    (figure,) = page.all("svg")
    assert figure.attributes["role"] == "img"
    assert page.all("table")
    for box in page.elements:
        if "scroll" in box.attributes.get("class", "").split() or box.tag == "pre":
            assert box.attributes["tabindex"] == "0"  # a keyboard can scroll it


async def test_what_comes_from_outside_is_escaped(tmp_path: Path):
    """A note, a package's name, an action's caller: text, never markup."""
    async with watched(tmp_path) as w, visitor(w) as one:
        await doubted(w, "<script>alert(1)</script>")
        await w.bridge.parts.ledger.hold_back(
            CHANNEL, GID, '"><img src=x>', code="MAPPING_FAILED", reason="<i>no</i>", place="<u>"
        )
        text = (await one.get()).text
        for markup in ("<script>alert", "<b>after", "<img", "<i>", "<u>", "<1Z9>"):
            assert markup not in text
        # The note itself may be another by now: the bridge looks at what is in doubt by itself.
        assert "&lt;1Z9&gt;" in text
        answer = await settle(one, "<script>")
        assert answer.status == 409
        assert "<script>" not in answer.text


async def test_a_ledger_that_does_not_answer_hides_nothing_else(tmp_path: Path, monkeypatch):
    """The page says so in its place, and still shows calls, plot and mappings."""
    async with watched(tmp_path) as w, visitor(w) as one:
        await w.post("order_pull")

        async def broken() -> None:
            raise LedgerError("ledger: the disk is full")

        monkeypatch.setattr(w.bridge.parts.ledger, "stats", broken)
        text = (await one.get()).text
        assert "The ledger does not answer" in text
        assert "Not known: the ledger does not answer." in text
        assert '<th scope="row">order_pull</th>' in text


async def test_a_bad_reload_is_shown_until_a_good_one(tmp_path: Path):
    """Changed files are told before anyone loads them; refused ones with place and reason."""
    own = tmp_path / "own"
    own.mkdir()
    file = own / "order_pull.toml"
    file.write_text("[order]\ngift_message = \"'old'\"\n", "utf-8")
    async with watched(tmp_path, mappings_dir=own) as w, visitor(w) as one:
        text = (await one.get()).text
        assert "1 of the" in text
        assert str(file) in text
        assert "changed since" not in text
        first = re.findall(r"fingerprint <code>(\w+)", text)
        file.write_text('[order]\ngift_message = "order.notte"\n', "utf-8")
        assert "The files have changed since." in (await one.get()).text
        assert not await w.bridge.reloader.reload()
        text = (await one.get()).text
        assert "was refused; what was loaded before serves on" in text
        assert f"<code>M204</code> {file}:2:" in text
        assert re.findall(r"fingerprint <code>(\w+)", text) == first
        rows = "".join(f"a{n} = \"'b'\"\n" for n in range(99))  # quotes are a warning, each
        file.write_text(f'[tables.t]\n{rows}[order]\ngift_message = "order.notte"\n', "utf-8")
        assert not await w.bridge.reloader.reload()
        text = (await one.get()).text
        assert f"<code>M204</code> {file}:102:" in text, "warnings do not hide the error"
        file.write_text("[order]\ngift_message = \"'new'\"\n", "utf-8")
        assert await w.bridge.reloader.reload()
        text = (await one.get()).text
        assert "was refused" not in text
        assert "changed since" not in text
        assert re.findall(r"fingerprint <code>(\w+)", text) != first


# -- what it can do -------------------------------------------------------------------------------


async def test_a_step_in_doubt_is_settled(tmp_path: Path):
    """Its evidence is there; a person's word ends it, as the command does; the ledger keeps who."""
    async with watched(tmp_path) as w, visitor(w) as one:
        step = await doubted(w)
        text = (await one.get()).text
        for said in (
            f'href="https://{SHOP}/admin/orders/77"',
            "fulfillment package 5",
            "gid://shopify/Fulfillment/1",
            "&lt;1Z9&gt;",
            "Shopify may still apply it until",
            '<code>{"fulfillment": "gid://',
        ):
            assert said in text, said
        await w.advance(61)
        assert "Shopify may still apply it until" not in (await one.get()).text
        answer = await settle(one, step, detail='{"fulfillment": "gid://shopify/Fulfillment/9"}')
        assert (answer.status, answer.headers["Location"]) == (303, "./?settled=applied")
        assert "Settled as applied" in (await one.get("?settled=applied")).text
        ledger = w.bridge.parts.ledger
        row = await ledger.step(step)
        assert (row.state, row.note) == ("done", "applied, says Ann (console): F2 is there")
        (effect,) = await ledger.order_effects(SHOP, GID)
        assert effect.natural_id == "package 5"
        assert effect.detail["fulfillment"] == "gid://shopify/Fulfillment/9"
        assert effect.detail["package"] == "package 5"
        again = await settle(one, step)
        assert again.status == 409
        assert "Nothing was settled" in again.text
        other = await doubted(w, "package 6")
        answer = await settle(one, other, applied="no")
        assert answer.headers["Location"] == "./?settled=not-applied"
        assert (await ledger.step(other)).state == "failed"


UNCLEAR = [
    ({"applied": ""}, "applied or not"),
    ({"applied": "maybe"}, "applied or not"),
    ({"note": " "}, "how you know"),
    ({"who": ""}, "Your name"),
    ({"note": "x" * 501}, "at most 500"),
    ({"note": "a\nb"}, "on one line"),
    ({"detail": "[1]"}, "must be JSON"),
    ({"detail": "{"}, "must be JSON"),
    ({"detail": "[" * 1999}, "must be JSON"),
    ({"detail": '{"a": 1}', "applied": "no"}, "leave it empty"),
]


async def test_a_word_that_is_not_clear_settles_nothing(tmp_path: Path):
    """400, with what is wrong; the step is in doubt as before."""
    async with watched(tmp_path) as w, visitor(w) as one:
        step = await doubted(w)
        for form, says in UNCLEAR:
            answer = await settle(one, step, **form)
            assert answer.status == 400, form
            assert says in answer.text
        assert (await w.bridge.parts.ledger.step(step)).state == "doubt"


async def test_an_order_that_is_worked_on_is_waited_for(tmp_path: Path, monkeypatch):
    """503 when its lock is not free in time, and nothing is settled."""
    monkeypatch.setattr(pages, "PATIENCE_SECONDS", 0.05)
    async with watched(tmp_path) as w, visitor(w) as one:
        step = await doubted(w)
        async with w.bridge.parts.ledger.order_lock(SHOP, GID, wait_seconds=1):
            answer = await settle(one, step)
        assert answer.status == 503
        assert (await w.bridge.parts.ledger.step(step)).state == "doubt"
        assert (await settle(one, step)).status == 303
