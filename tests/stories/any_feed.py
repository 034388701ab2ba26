"""Any feed and any store: what hypothesis draws, and what a merchant does by hand.

What is drawn is only choices; ``feed_of`` makes a feed of them that fits the product as it is
then (a new variant has a value of every option, two variants never the same ones), so that every
feed is one that the store can follow, and every event is a failure.
"""

from __future__ import annotations

import copy
import json
import re
from decimal import Decimal
from typing import Any, Final

from hypothesis import strategies as st

from tests.stories.catalogue import ask, flat
from tests.support import World

Row = dict[str, Any]

SKUS: Final = 5  # of a family; the feed and the store each know some of them
OPTIONS: Final = ("Size", "Color", "Fabric")
MANUAL: Final = frozenset({"frontpage", "new-arrivals", "clearance"})
SHIRTS: Final = "Apparel & Accessories > Clothing"

TEXTS: Final = ("Trail Tee", " Tee ", "Tée №5", 'A "B" <i> & C', "木綿", "tee\N{NO-BREAK SPACE}two")
HTML: Final = (
    "<p>Light.</p>",
    "<p>Light.<p>Warm.",
    "<ul><li>One<li>Two</ul>",
    "<p class='a' id=\"b\">Caf&eacute; &amp; bar<br/></p>",
    "plain text",
    "<!-- note --><DIV>x</DIV>",
)
WEIGHT_METAFIELD: Final = json.dumps({"value": 2.5, "unit": "kg"})


def some(**optional: st.SearchStrategy[Any]) -> st.SearchStrategy[Row]:
    """Any subset of these fields."""
    return st.fixed_dictionaries({}, optional=optional)


texts = st.sampled_from(TEXTS)
money = st.sampled_from(["0", "9.99", "10.5", "1200", 12.5, 7, "19.995", "19.994"])
maybe_money = st.one_of(st.none(), money)
metafields = st.lists(
    st.sampled_from(
        [
            ("custom", "care", "single_line_text_field", "Wash"),
            ("custom", "care", "single_line_text_field", "Dry clean"),
            ("custom", "count", "number_integer", "7"),
            ("custom", "ratio", "number_decimal", "1.50"),
            ("custom", "facts", "json", {"b": [1, 2.0], "a": "é"}),
            ("custom", "facts", "json", '{ "a" : 1 }'),
            ("custom", "on", "boolean", True),
            ("custom", "mass", "weight", WEIGHT_METAFIELD),
            ("custom", "parts", "list.single_line_text_field", ["one", "two, three"]),
            ("custom", "at", "date_time", "2026-11-23T10:00:00+02:00"),
        ]
    ),
    min_size=1,
    max_size=4,
    unique_by=lambda m: m[1],
)
images = st.lists(st.sampled_from(["a.jpg", "b.png", "c.jpg?v=1", "dir/d"]), min_size=1, max_size=3)

VARIANT: Final = some(
    price=money,
    compareAtPrice=maybe_money,
    cost=maybe_money,
    barcode=st.sampled_from([None, "4006381333931", " 123 "]),
    harmonizedSystemCode=st.sampled_from([None, "610910"]),
    taxable=st.booleans(),
    inventoryPolicy=st.sampled_from(["DENY", "continue"]),
    tracked=st.booleans(),
    requiresShipping=st.booleans(),
    weight=st.sampled_from(
        [{"value": "0.3", "unit": "kg"}, {"value": 2}, {"value": "220.50", "unit": "g"}]
    ),
    countryCodeOfOrigin=st.sampled_from(["PT", "de"]),
    metafields=metafields,
    image=st.sampled_from(["a.jpg", "only.png"]),
)
PRODUCT: Final = some(
    title=texts,
    descriptionHtml=st.sampled_from(HTML),
    vendor=texts,
    productType=texts,
    status=st.sampled_from(["ACTIVE", "draft", "ARCHIVED"]),
    templateSuffix=st.sampled_from(["wide", "tall"]),
    category=st.just(SHIRTS),
    seo=some(title=texts, description=texts).filter(bool),
    tags=st.lists(
        st.sampled_from(["camp", "Camp", "a, b", " wool ", "été"]), min_size=1, max_size=4
    ),
    media=images,
    metafields=metafields,
    collections=st.lists(st.sampled_from(["clearance", "New Arrivals"]), min_size=1, max_size=2),
    publications=st.lists(
        st.sampled_from(["Online Store", "Point of Sale"]), min_size=1, max_size=2, unique=True
    ),
)
# How a variant's options are told: not at all, as they are, in another case, as others.
HOW: Final = st.sampled_from(["none", "same", "case", "other"])
FAMILY: Final = st.fixed_dictionaries(
    {
        "fields": PRODUCT,
        "variants": st.dictionaries(
            st.integers(0, SKUS - 1), st.tuples(VARIANT, HOW), min_size=0, max_size=4
        ),
        "further": st.sampled_from(["", "", "Fabric", "Color"]),
        "named": st.booleans(),
        "ordered": st.booleans(),
        "split": st.booleans(),
    }
)
EDIT: Final = st.one_of(
    st.tuples(st.just("fields"), st.sampled_from([{"title": "By hand"}, {"vendor": "Hand & Co"}])),
    st.tuples(st.just("fields"), st.sampled_from([{"tags": ["by-hand", "CAMP"]}, {"tags": []}])),
    st.tuples(st.just("fields"), st.just({"descriptionHtml": "<p>By hand</p>"})),
    st.tuples(st.just("metafield"), st.sampled_from(["other_app.score", "custom.count"])),
    st.tuples(st.just("image"), st.sampled_from(["hand.jpg", "a.jpg", "broken.jpg"])),
    st.tuples(st.just("no image"), st.integers(0, 3)),
    st.tuples(st.just("reorder"), st.integers(0, 3)),
    st.tuples(st.just("variant"), st.just("")),
    st.tuples(st.just("price"), st.sampled_from(["1.00", "77.70"])),
    st.tuples(st.just("option"), st.sampled_from(["Fabric", "Neck"])),
    st.tuples(st.just("publish"), st.just("Online Store")),
)
ROUND: Final = st.fixed_dictionaries(
    {"edits": st.lists(EDIT, max_size=4), "feed": st.lists(FAMILY, min_size=1, max_size=2)}
)
BY_HAND: Final = st.one_of(
    st.none(),
    st.fixed_dictionaries(
        {
            "options": st.integers(0, 2),
            "skus": st.lists(st.integers(0, SKUS - 1), min_size=1, max_size=3, unique=True),
            "images": st.booleans(),
        }
    ),
)
CASE: Final = st.fixed_dictionaries(
    {
        "seed": st.lists(BY_HAND, min_size=2, max_size=2),
        "rounds": st.lists(ROUND, min_size=1, max_size=3),
    }
)

# ---- the store by hand

ERRORS = "userErrors { field message }"
SET = f"mutation Hand($i: ProductSetInput!) {{ productSet(input: $i) {{ {ERRORS} }} }}"
UPDATE = f"""mutation Hand($p: ProductUpdateInput!, $m: [CreateMediaInput!]) {{
  productUpdate(product: $p, media: $m) {{ {ERRORS} }} }}"""
MORE = f"""mutation Hand($id: ID!, $rows: [ProductVariantsBulkInput!]!) {{
  productVariantsBulkCreate(productId: $id, variants: $rows) {{ {ERRORS} }} }}"""
CHANGE = MORE.replace("BulkCreate(", "BulkUpdate(")
FILES = f"mutation Hand($f: [FileUpdateInput!]!) {{ fileUpdate(files: $f) {{ {ERRORS} }} }}"
ORDER = """mutation Hand($id: ID!, $m: [MoveInput!]!) {
  productReorderMedia(id: $id, moves: $m) { mediaUserErrors { message } } }"""
OPTION = f"""mutation Hand($id: ID!, $o: [OptionCreateInput!]!) {{
  productOptionsCreate(productId: $id, options: $o) {{ {ERRORS} }} }}"""
PUBLISH = f"""mutation Hand($id: ID!, $p: [PublicationInput!]!) {{
  publishablePublish(id: $id, input: $p) {{ {ERRORS} }} }}"""
LOOK = """
query Look($h: String!) { productByIdentifier(identifier: {handle: $h}) {
  id handle title descriptionHtml vendor productType status templateSuffix tags
  seo { title description } category { fullName } options { name }
  media(first: 100) { nodes { id alt status ... on MediaImage { image { url } } } }
  metafields(first: 100) { nodes { namespace key type value } }
  collections(first: 100) { nodes { handle } }
  resourcePublicationsV2(first: 20, onlyPublished: false) {
    nodes { publication { id catalog { title } } } }
  variants(first: 100) { nodes {
    id sku barcode price compareAtPrice taxable inventoryPolicy
    selectedOptions { name value } media(first: 1) { nodes { id } }
    inventoryItem { tracked requiresShipping countryCodeOfOrigin harmonizedSystemCode
      unitCost { amount } measurement { weight { value unit } } }
    metafields(first: 50) { nodes { namespace key type value } } } } } }
"""


def stem(address: str) -> str:
    """The part of an image's address that both sides keep."""
    name = address.split("?", 1)[0].rsplit("/", 1)[-1].rsplit(".", 1)[0]
    return re.sub(r"_[0-9a-f]{8}-[0-9a-f-]{27}$", "", name)  # one that was here before


def custom(nodes: list[Row]) -> Row:
    """Metafields by their names, with their types and what they mean."""

    def meaning(m: Row) -> Any:
        kind = m["type"]
        if kind in {"json", "weight"} or kind.startswith("list."):
            return json.loads(m["value"], parse_float=Decimal, parse_int=Decimal)
        return Decimal(m["value"]) if kind.startswith("number") else m["value"]

    return {f"{m['namespace']}.{m['key']}": (m["type"], meaning(m)) for m in nodes}


async def product_of(w: World, handle: str) -> Row | None:
    """A product as plain values to compare; None when there is none."""
    found = flat((await ask(w, LOOK, h=handle))["productByIdentifier"])
    if found is None:
        return None
    variants: Row = {}
    for v in found.pop("variants"):
        item = v.pop("inventoryItem")
        weight = item["measurement"]["weight"]
        variants[v["id"]] = {
            "sku": v["sku"],
            "barcode": v["barcode"],
            "taxable": v["taxable"],
            "inventoryPolicy": v["inventoryPolicy"],
            "price": Decimal(v["price"]),
            "compareAtPrice": _amount(v["compareAtPrice"]),
            "cost": _amount((item["unitCost"] or {}).get("amount")),
            "weight": (Decimal(str(weight["value"])), weight["unit"]),
            **{n: item[n] for n in ("tracked", "requiresShipping")},
            **{n: item[n] for n in ("countryCodeOfOrigin", "harmonizedSystemCode")},
            "options": {o["name"]: o["value"] for o in v["selectedOptions"]},
            "metafields": custom(v["metafields"]),
            "image": next((m["id"] for m in v["media"]), None),
        }
    places = found.pop("resourcePublicationsV2")
    return {
        **found,
        "category": found["category"] and found["category"]["fullName"],
        "tags": sorted(found["tags"]),
        "options": [o["name"] for o in found["options"]],
        "media": [
            (m["id"], stem(m["image"]["url"]) if m["image"] else m["status"], m["alt"])
            for m in found["media"]
        ],
        "metafields": custom(found["metafields"]),
        "collections": {c["handle"] for c in found["collections"]} & MANUAL,
        "publications": {n["publication"]["catalog"]["title"] for n in places},
        "variants": variants,
    }


def _amount(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


async def make(w: World, name: str, plan: Row) -> None:
    """A product that the merchant has made."""
    options = OPTIONS[: plan["options"]]
    skus = plan["skus"] if options else plan["skus"][:1]
    given = [[(o, f"{o}-{n}") for o in options] or [("Title", "Default Title")] for n in skus]
    rows = [
        {
            "inventoryItem": {"sku": f"{name}-{n}".upper()},
            "price": f"{n + 3}.00",
            "compareAtPrice": "99.00",
            "optionValues": [{"optionName": o, "name": v} for o, v in mine],
        }
        for n, mine in zip(skus, given, strict=True)
    ]
    made: Row = {
        "handle": name,
        "title": "Made by hand",
        "tags": ["Hand", "camp"],
        "variants": rows,
    }
    made["productOptions"] = [
        {"name": o, "values": [{"name": mine[n][1]} for mine in given]}
        for n, (o, _) in enumerate(given[0])
    ]
    if plan["images"]:
        made["files"] = [{"originalSource": address(name, "a.jpg"), "contentType": "IMAGE"}]
    await ask(w, SET, i=made)
    await w.advance(10)


def address(name: str, image: str) -> str:
    """An image of a product; the file's name is nobody else's."""
    folder, _, file = image.rpartition("/")
    return f"https://images.example/{folder}/{name}-{file}"


async def edit(w: World, name: str, before: Row, what: str, how: Any) -> None:
    """What a merchant or another app does."""
    gid = before["id"]
    match what:
        case "fields":
            await ask(w, UPDATE, p={"id": gid, **how})
        case "metafield":
            namespace, key = how.split(".")
            row = {"namespace": namespace, "key": key, "type": "number_integer", "value": "41"}
            await ask(w, UPDATE, p={"id": gid, "metafields": [row]})
        case "image" if stem(address(name, how)) not in {stem_ for _, stem_, _ in before["media"]}:
            media = [{"originalSource": address(name, how), "mediaContentType": "IMAGE"}]
            await ask(w, UPDATE, p={"id": gid}, m=media)
        case "no image" if how < len(before["media"]):
            image = before["media"][how][0]
            await ask(w, FILES, f=[{"id": image, "referencesToRemove": [gid]}])
        case "reorder" if how < len(before["media"]):
            moves = [{"id": before["media"][how][0], "newPosition": "0"}]
            await ask(w, ORDER, id=gid, m=moves)
        case "variant" if before["options"] != ["Title"]:
            n = len(before["variants"])
            values = [{"optionName": o, "name": f"hand {n}"} for o in before["options"]]
            await ask(w, MORE, id=gid, rows=[{"price": "5.00", "optionValues": values}])
        case "price":
            rows = [{"id": v, "price": how} for v in list(before["variants"])[:2]]
            await ask(w, CHANGE, id=gid, rows=rows)
        case "option" if how not in before["options"] and len(before["options"]) < len(OPTIONS):
            await ask(w, OPTION, id=gid, o=[{"name": how, "values": [{"name": "by hand"}]}])
        case "publish":
            query = "query Hand { publications(first: 20) { nodes { id catalog { title } } } }"
            rows = (await ask(w, query))["publications"]["nodes"]
            found = next(r["id"] for r in rows if r["catalog"]["title"] == how)
            await ask(w, PUBLISH, id=gid, p=[{"publicationId": found}])
    await w.advance(10)


# ---- the feed


def feed_of(name: str, plan: Row, before: Row | None, turn: int) -> Row | None:
    """The product of the feed as it fits the store now; None when nothing sensible is drawn."""
    fields = copy.deepcopy(plan["fields"])
    if "media" in fields:
        fields["media"] = [
            {"originalSource": address(name, one), "alt": f"alt {n}"} if n else address(name, one)
            for n, one in enumerate(fields["media"])
        ]
    if "metafields" in fields:
        fields["metafields"] = [_metafield(m) for m in fields["metafields"]]
    known = {v["sku"]: v for v in before["variants"].values()} if before else {}
    wanted = {f"{name}-{n}".upper(): v for n, v in plan["variants"].items()}
    options = list(before["options"]) if before else ["Size"] if len(wanted) > 1 else []
    if options == ["Title"]:
        options = ["Size"] if set(wanted) - set(known) else []
        if options and not set(wanted) & set(known):
            wanted[next(iter(known))] = ({}, "other")
    new = [o for o in options if before is None or o not in before["options"]]
    if plan["further"] and wanted and plan["further"] not in options and len(options) < 3:
        options.append(plan["further"])
        new.append(plan["further"])
    if wanted and before and not set(wanted) & set(known):
        wanted[next(sku for sku in known if sku)] = ({}, "none")
    if not before and not wanted:
        return None
    rows = []
    for sku, (drawn, how) in wanted.items():
        row = {"sku": sku, **copy.deepcopy(drawn)}
        values = _values(sku, how, known.get(sku), options, new, turn)
        if values:
            row["optionValues"] = [{"optionName": o, "name": v} for o, v in values.items()]
        if "image" in row:
            row["image"] = address(name, row["image"])
        if "metafields" in row:
            row["metafields"] = [_metafield(m) for m in row["metafields"]]
        rows.append(row)
    if not before:
        fields.setdefault("title", "A product")
    if plan["named"] or not before or not rows:
        fields["handle"] = name.upper() if turn % 2 else name
    told = {value["optionName"] for row in rows for value in row.get("optionValues", ())}
    stated = [o for o in options if o in told or (before and o in before["options"])]
    if plan["ordered"] and stated and told:
        fields["options"] = stated[::-1]
    return {**fields, "variants": rows}


def _metafield(drawn: tuple[str, str, str, Any]) -> Row:
    return dict(zip(("namespace", "key", "type", "value"), drawn, strict=True))


def _values(
    sku: str, how: str, have: Row | None, options: list[str], new: list[str], turn: int
) -> dict[str, str]:
    own = f"{sku[-1]}v{turn}"
    if have is None:
        return {o: f"{o} {own}" for o in options}
    fresh = {o: f"{o} {own}" for o in new}
    old = {o: have["options"][o] for o in options if o not in new}
    match how:
        case "none":
            return {} if old else fresh  # a lone variant gets its first options
        case "same":
            return {**old, **fresh}
        case "case":
            return {**{o: f" {v.swapcase()}" for o, v in old.items()}, **fresh}
    first = next(iter(old), None)
    return {**({first: f"{first} {own}"} if first else {}), **fresh}
