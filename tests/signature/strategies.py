"""Requests of every shape that the vendor's signer can sign."""

from dataclasses import dataclass
from urllib.parse import quote

from hypothesis import strategies as st

# What a path segment or a query may hold once decoded; control characters have tests of their own.
TEXT = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=12)
SEGMENT = TEXT.filter(lambda text: text not in ("", ".", ".."))
HARD = st.sampled_from(["a/b", "a b", "a+b", "~tilde~", "%2F", "100%", "夏天", "🏖", "a?b#c", "a&b=c", "(x)*!'", "a;b,c",
                        "{id}", "[0]", "|", "\\", '"', "e\u0301", "@:$"])
PATH_SAFE = "!$&'()*+,;=:@"


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    query: tuple
    headers: tuple
    body: bytes
    content_type: str

    def all_headers(self):
        return dict(self.headers) | {"Content-Type": self.content_type}


@st.composite
def segments(draw):
    """A path segment as it stands on the wire, encoded in one of the ways that mean the same."""
    decoded = draw(st.one_of(HARD, SEGMENT))
    encoded = quote(decoded, safe=draw(st.sampled_from(["", "~", PATH_SAFE])))
    return encoded.lower() if draw(st.booleans()) and decoded.islower() and decoded.isascii() else encoded


@st.composite
def paths(draw, project):
    """A path of the media family that leads to a call with an identity check."""
    segment = draw(segments())
    tail = draw(st.sampled_from(["digital-assets", "digital-assets/{}", "digital-assets/{}/restore", "files/{}",
                                 "files/{}/complete", "digital-assets/summarys"]))
    return f"/v1/{project}/{tail.format(segment)}"


def methods(path):
    """The methods that the call at a path has."""
    if path.endswith(("/restore", "/complete", "/summarys")):
        return ["POST"]
    if "/files/" in path:
        return ["DELETE"]
    return ["GET", "POST"] if path.endswith("/digital-assets") else ["GET", "PUT", "DELETE"]


QUERY_PAIR = st.tuples(st.one_of(st.sampled_from(["limit", "name", "tag", "asset_id", "a", "A", "~", "{", "a b"]), SEGMENT),
                       st.one_of(TEXT, HARD, st.sampled_from(["", "1", "true"])))
# One call has several values for a key by a list, too.
QUERIES = st.lists(QUERY_PAIR, max_size=6).map(tuple)

HEADER_NAME = st.from_regex(r"X-[A-Z][a-z0-9]{0,8}(-[A-Za-z0-9]{1,6})?", fullmatch=True).filter(
    lambda name: not name.lower().startswith(("x-sdk", "x-auth", "x-project", "x-security", "x-domain", "x-app")))
HEADER_VALUE = st.text(st.one_of(st.characters(min_codepoint=32, max_codepoint=126), st.sampled_from("äø夏🏖")),
                       max_size=20)
HEADERS = st.dictionaries(HEADER_NAME, HEADER_VALUE, max_size=3).filter(
    lambda found: len({name.lower() for name in found}) == len(found)).map(lambda found: tuple(found.items()))

CONTENT_TYPES = st.sampled_from(["application/json", "application/json;charset=utf-8", "application/octet-stream",
                                 "multipart/form-data; boundary=x", "application/bson"])


@st.composite
def requests(draw, project):
    path = draw(paths(project))
    method = draw(st.sampled_from(methods(path)))
    body = draw(st.binary(max_size=200)) if method in ("POST", "PUT") else b""
    return Request(method, path, draw(QUERIES), draw(HEADERS), body, draw(CONTENT_TYPES))
