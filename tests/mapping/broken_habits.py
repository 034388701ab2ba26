"""Habits of other formats, of word processors and of themes. See ``test_broken``."""

from bridge.places import CURLY_QUOTES
from tests.mapping.support import Broken

OPENING, CLOSING = CURLY_QUOTES[2:4]
WHEN = """[order]
refnum = "order.name"
[[order.attributes]]
handle = \"'big'\"
value = "order.name"
when = """

CASES: dict[str, Broken] = {
    "quotes of a word processor": (
        '[order]\nrefnum = "order.name"\nnote = “order.note”\n',
        [
            ("3:8+1", "M102", "not TOML: Invalid value", "quotes are straight ones: \" or '"),
        ],
    ),
    "such quotes in an expression": (
        f'[order]\nrefnum = "order.name"\nnote = "order.note | default: {OPENING}x{CLOSING}"\n',
        [
            ("3:31+1", "M103", f"unexpected '{OPENING}'", "quotes are straight ones: '"),
        ],
    ),
    "a byte order mark": (
        '\ufeff[order]\nrefnum = "order.nme"\n',
        [
            ("2:17+3", "M204", 'unknown field "nme" of Order', 'did you mean "name"?'),
        ],
    ),
    "a table twice": (
        '[order]\nrefnum = "order.name"\n[order]\nnote = "order.note"\n',
        [
            (
                "3:7+1",
                "M102",
                "not TOML: [order] stands twice",
                "write what is below it under the first one",
            ),
        ],
    ),
    "a colon for an equals sign": (
        '[order]\nrefnum = "order.name"\nnote: "order.note"\n',
        [
            (
                "3:5+1",
                "M102",
                "not TOML: Expected '=' after a key in a key/value pair",
                "write = instead of :",
            ),
        ],
    ),
    "a name with a blank": (
        '[order]\nrefnum = "order.name"\ngift note = "order.note"\n',
        [
            (
                "3:6+1",
                "M102",
                "not TOML: Expected '=' after a key in a key/value pair",
                "behind a name comes =; a name with blanks stands in quotes",
            ),
        ],
    ),
    "a value without quotes": (
        '[order]\nrefnum = "order.name"\nnote = order.note\n',
        [
            ("3:8+1", "M102", "not TOML: Invalid value", "a text stands in quotes"),
        ],
    ),
    "a text that never ends": (
        '[order]\nrefnum = "order.name"\nnote = "order.note\n',
        [
            (
                "3:19+1",
                "M102",
                "not TOML: Illegal character '\\n'",
                "the quote at the end of the text is missing",
            ),
        ],
    ),
    "double quotes in double quotes": (
        '[order]\nrefnum = "order.name"\nnote = "order.note | default: "x""\n',
        [
            (
                "3:32+1",
                "M102",
                "not TOML: Expected newline or end of document after a statement",
                'the text ended before: a quote inside it must be the other kind, \' in "…"',
            ),
        ],
    ),
    "a backslash in a text": (
        '[order]\nrefnum = "order.name"\nnote = "order.note | default: \'don\\\'t\'"\n',
        [
            (
                "3:37+1",
                "M102",
                "not TOML: Unescaped '\\' in a string",
                'in double quotes write \\" for a quote and \\\\ for a backslash',
            ),
        ],
    ),
    "a comma at the end of a line": (
        '[order]\nrefnum = "order.name"\nnote = "order.note",\n',
        [
            (
                "3:20+1",
                "M102",
                "not TOML: Expected newline or end of document after a statement",
                "no comma and no semicolon at the end of a line",
            ),
        ],
    ),
    "a remark of another language": (
        '[order]\nrefnum = "order.name"\n// the note\n',
        [
            ("3:1+1", "M102", "not TOML: Invalid statement", "a remark begins with #"),
        ],
    ),
    "an inline table over lines": (
        '[order]\nrefnum = "order.name"\naddress = {\n  city = "order.name",\n}\n',
        [
            (
                "3:12+1",
                "M102",
                "not TOML: Invalid initial character for a key part",
                "{ … } stands in one line; else write a table: [order.shipping_address]",
            ),
        ],
    ),
    "a comma in front of a brace": (
        '[order]\nrefnum = "order.name"\naddress = { country = "order.name", }\n',
        [
            (
                "3:37+1",
                "M102",
                "not TOML: Invalid initial character for a key part",
                "no comma before the closing brace",
            ),
        ],
    ),
    "old line ends": (
        '[order]\rrefnum = "order.name"\r',
        [
            (
                "1:8+1",
                "M102",
                "not TOML: Expected newline or end of document after a statement",
                "save the file with other line ends: LF or CRLF",
            ),
        ],
    ),
    "a tab in front of it": (
        '[order]\nrefnum = "order.name"\n\tnote = "order.nte"\n',
        [
            ("3:16+3", "M204", 'unknown field "nte" of Order', 'did you mean "note"?'),
        ],
    ),
    "the rules in two brackets": (
        '[[order]]\nrefnum = "order.name"\n',
        [
            (
                "1:3+5",
                "M105",
                "[order] is one table, and not a list or a value",
                "[order], in single brackets",
            ),
        ],
    ),
    "a rule above the table": (
        'note = "order.note"\n[order]\nrefnum = "order.name"\n',
        [
            ("1:1+4", "M201", 'unknown section "note"', "it belongs below [order]"),
        ],
    ),
    "an object in two brackets": (
        '[order]\nrefnum = "order.name"\n[[order.address]]\ncountry = "order.name"\n',
        [
            (
                "3:9+1",
                "M301",
                '"address" takes one value, not a list',
                "a table: in single brackets",
            ),
        ],
    ),
    "a tag of a theme": (
        '[order]\nrefnum = "order.name"\nnote = "{% if order.note %}x{% endif %}"\n',
        [
            ("3:9+1", "M103", "unexpected '{'", "one expression, without braces or tags"),
        ],
    ),
    "the word if": (
        WHEN + '"if order.test"',
        [
            (
                "6:9+2",
                "M103",
                "expected a name, a text or a number, found if",
                "a condition stands in when, and without the word if",
            ),
        ],
    ),
    "one equals sign": (
        WHEN + "\"order.name = 'x'\"",
        [
            ("6:20+1", "M103", "expected end of expression, found '='", "to compare, write =="),
        ],
    ),
    "an exclamation mark": (
        WHEN + '"order.name and !order.test"',
        [
            ("6:24+1", "M103", "unknown operator '!'", "write: == false"),
        ],
    ),
    "a question mark": (
        "[order]\nrefnum = \"order.name\"\nnote = \"order.test ? 'a' : 'b'\"\n",
        [
            ("3:20+1", "M103", "unexpected '?'", "use a table, or default"),
        ],
    ),
    "a plus sign": (
        '[order]\nrefnum = "order.name"\nnote = "order.name + order.note"\n',
        [
            ("3:20+1", "M103", "unexpected '+'", "numbers: | plus: …, texts: | append: …"),
        ],
    ),
    "a filter without its bar": (
        '[order]\nrefnum = "order.name"\nnote = "order.note default: \'x\'"\n',
        [
            ("3:20+7", "M103", "a filter without its bar", "| default: …"),
        ],
    ),
    "a filter called as a function": (
        '[order]\nrefnum = "order.name"\nnote = "order.note | default(\'x\')"\n',
        [
            (
                "3:29+1",
                "M103",
                "expected end of expression, found '('",
                "what a filter is given stands behind a colon: default: 'x'",
            ),
        ],
    ),
    "a filter without its colon": (
        '[order]\nrefnum = "order.name"\nnote = "order.note | append \'x\'"\n',
        [
            (
                "3:29+1",
                "M103",
                "expected end of expression, found string",
                "what a filter is given stands behind a colon: append: 'x'",
            ),
        ],
    ),
}
