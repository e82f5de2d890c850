"""What somebody may send: made by hypothesis of what has broken web applications before."""

import json
from urllib.parse import quote, urlencode

from hypothesis import strategies as st

METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW", "post", "Ä"]

#: Texts that mean something to a database, to Python, to a browser or to a form.
NASTY = [
    *("", " ", "\x00", "a\x00b", "\ufffe", "\u202e", "\U0001f600", "٣", "on", "null", "NaN"),
    *("-1", "0", "1e400", "-Infinity", "9" * 19, "9" * 30, "9" * 5000, "1_000", "0x10", "1,2;"),
    *(
        "0001-01-01T00:00:00+23:59",
        "9999-12-31T23:59:59-23:59",
        "2026-02-30",
        "24:00",
        "0000-01-01",
    ),
    *("{", "[]", '"\\u0000"', '{"a\\u0000": 1}', '"\\ud800"', "[" * 500 + "]" * 500, "[" * 9999),
    *("<script>alert(1)</script>", "'\"><svg/onload=alert(1)>", "{{ 7 * 7 }}", "{% debug %}"),
    *("../../etc/passwd", "https://evil.example/", "//evil.example", "javascript:alert(1)"),
    *("'; DROP TABLE joeflow_task; --", "%s%n", "%00", "\r\nSet-Cookie: a=b", "start", "override"),
]

texts = st.one_of(st.sampled_from(NASTY), st.text(max_size=20))

FORM = "application/x-www-form-urlencoded"
CONTENT_TYPES = [
    *(FORM, "multipart/form-data; boundary=B", "application/json"),
    *(
        "application/json; charset=nonsense",
        "application/json; charset=utf-16",
        "",
        "/",
        "text/html",
    ),
    *("application/json; charset=", "application/json;;;", "APPLICATION/JSON", "application/xml"),
    *(
        "multipart/form-data",
        "multipart/form-data; boundary=",
        "multipart/form-data; boundary=\xff",
    ),
    "multipart/form-data; boundary=B; charset=unicode_escape",
    "application/x-www-form-urlencoded; charset=utf-16",
]

#: Numbers that Python's own JSON never writes.
NUMBERS = ["1e99999999999999999999", "-1e-99999999999999999999", "0e99999999999999999999", "-0.0"]
#: JSON as Python reads it, and much of it is none; names are those of fields or of columns.
values = st.recursive(
    st.one_of(
        *(st.none(), st.booleans(), st.integers(), st.floats(), texts, st.just(10**30)),
        st.sampled_from(NUMBERS),
    ),
    lambda parts: st.one_of(st.lists(parts, max_size=3), st.dictionaries(texts, parts, max_size=2)),
    max_leaves=5,
)


def objects(names):
    """Return JSON texts, most of them objects that name some of these fields."""
    pairs = st.lists(st.tuples(st.one_of(st.sampled_from(names), texts), values), max_size=5)
    return st.one_of(
        # Written by hand, so that a name can come twice.
        pairs.map(lambda pairs: f"{{{', '.join(f'{_dump(k)}: {_dump(v)}' for k, v in pairs)}}}"),
        st.sampled_from(["", "{", "[]", "0", "\xff", "{}" * 2, '{"a":' * 5000, "\ufeff{}"]),
    )


def _dump(value):
    return value if value in NUMBERS else json.dumps(value)


def forms(names):
    """Return lists of what somebody typed into fields, unknown ones too."""
    keys = st.one_of(st.sampled_from(names), st.sampled_from(["_ended", "id", "pk", "csrf"]), texts)
    return st.lists(st.tuples(keys, texts), max_size=6)


def urlencoded(pairs):
    return urlencode(pairs, errors="replace").encode()


def multipart(pairs):
    """Write a form in parts, with whatever is in the names."""
    parts = [
        f'--B\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in pairs
    ]
    return ("".join(parts) + "--B--\r\n").encode(errors="replace")


@st.composite
def bodies(draw, names):
    """Return a content type and a body, which mostly fit together."""
    kind = draw(st.sampled_from(["form", "parts", "json", "nonsense"]))
    if kind == "form":
        return CONTENT_TYPES[0], urlencoded(draw(forms(names)))
    if kind == "parts":
        return CONTENT_TYPES[1], multipart(draw(forms(names)))
    if kind == "json":
        return CONTENT_TYPES[2], draw(objects(names)).encode(errors="surrogatepass")
    body = draw(st.one_of(st.binary(max_size=30), forms(names).map(multipart)))
    return draw(st.sampled_from(CONTENT_TYPES)), body


def paths(templates, keys):
    """Return paths with one of these keys, or with what is none."""
    no_keys = [str(2**63), "9" * 30, "9" * 5000, "-1", "0", "٣", "\x00", "x", "_3F", "..", ""]
    filled = st.one_of(st.sampled_from(keys).map(str), st.sampled_from(no_keys))
    return st.builds(
        lambda template, key: template.format(quote(key)), st.sampled_from(templates), filled
    )
