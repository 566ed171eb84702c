"""Many tagged PDFs of this press as one that is tagged as well (PDF/UA-1): of any length, in little more memory than one of them.

The libraries for it copy pages without their tags and hold the whole file. Here each part is numbered anew, handed on and let go; the
trees of pages and of tags get one root each, under which those of the parts stand side by side. Only what this press writes can be read:
objects in one stream of objects, found by a stream of references (PDF 1.5).
"""

from __future__ import annotations

import re
import zlib
from array import array
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise

from workflows.delivery.letters import LetterFault


def join(parts: Iterable[bytes]) -> Iterator[bytes]:
    """Give one PDF, piece by piece, of parts that stand in it one after the other.

    Args:
        parts: PDFs as `letters.print_html` makes them, in Dutch; the next is asked for when the one before was handed on.

    Raises:
        LetterFault: there is no part, or one is not written or tagged as this press does it.
    """
    joined = _Joined()
    yield joined.begin()
    for part in parts:
        yield _Part(part, joined).moved()
    yield joined.end()


class _Joined:
    """What must be known of a PDF that was handed on so far: where each object stands, and a few numbers of each part."""

    def __init__(self) -> None:
        self.length = self.page_count = self.free = self.info = self.metadata = 0
        self.where, self.place = array("Q"), array("l")  # by number: where it stands, -1; or the stream that holds it, its place there
        self.pages, self.tags = self.number(), self.number()
        self.trees: list[int] = []
        self.branches: list[int] = []
        self.leaves: list[int] = []

    def number(self) -> int:
        """Return the number of an object that is yet to come."""
        return self.reserve(1) + 1

    def reserve(self, count: int) -> int:
        """Keep as many numbers free; return the one before the first of them."""
        before = len(self.where)
        self.where.extend([0] * count)
        self.place.extend([-1] * count)
        return before

    def begin(self) -> bytes:
        """Return what a PDF begins with."""
        return self._count(b"%PDF-1.7\n%\xf0\x9f\x96\xa4\n")

    def objects(self, direct: Mapping[int, bytes], others: Mapping[int, bytes]) -> bytes:
        """Return objects as they are written: those that hold a stream one by one, the others in a stream of their own."""
        out = b"".join(self._one(number, content) for number, content in direct.items())
        stream, at, index = self.number(), 0, []
        for place, (number, content) in enumerate(others.items()):
            index += [number, at]
            at += len(content) + 1
            self.where[number - 1], self.place[number - 1] = stream, place
        told = b" ".join(b"%d" % one for one in index) + b"\n"
        held = zlib.compress(told + b"\n".join(others.values()))
        head = b"<< /Type /ObjStm /N %d /First %d /Filter /FlateDecode /Length %d >>" % (len(others), len(told), len(held))
        return out + self._one(stream, b"%b\nstream\n%b\nendstream" % (head, held))

    def _one(self, number: int, content: bytes) -> bytes:
        self.where[number - 1] = self.length
        return self._count(b"%d 0 obj\n%b\nendobj\n" % (number, content))

    def _count(self, piece: bytes) -> bytes:
        self.length += len(piece)
        return piece

    def end(self) -> bytes:
        """Return the roots, and the table of where everything stands."""
        if not self.trees:
            raise LetterFault("there is nothing to join")
        catalog, leaves = self.number(), self.number()
        roots = {
            self.pages: b"<< /Type /Pages /Count %d /Kids [ %b ] >>" % (self.page_count, _references(self.trees)),
            leaves: b"<< /Kids [ %b ] >>" % _references(self.leaves),
            self.tags: b"<< /Type /StructTreeRoot /ParentTree %d 0 R /K [ %b ] >>" % (leaves, _references(self.branches)),
            catalog: b"<< /Type /Catalog /Pages %d 0 R /StructTreeRoot %d 0 R /Metadata %d 0 R /Lang (nl) /MarkInfo << /Marked true >>"
            b" /ViewerPreferences << /DisplayDocTitle true >> >>" % (self.pages, self.tags, self.metadata),
        }  # fmt: skip
        out, start = self.objects({}, roots), self.length
        table = self.number()
        self.where[table - 1] = start
        rows = bytearray(b"\x00" * 9)
        for where, place in zip(self.where, self.place, strict=True):
            kind = 2 if place >= 0 else 1 if where else 0
            rows += kind.to_bytes(1, "big") + where.to_bytes(5, "big") + max(place, 0).to_bytes(3, "big")
        held = zlib.compress(bytes(rows))
        told = b"<< /Type /XRef /W [ 1 5 3 ] /Size %d /Root %d 0 R /Info %d 0 R /Filter /FlateDecode /Length %d >>"
        stream = b"%d 0 obj\n%b\nstream\n%b\nendstream\nendobj\n" % (table, told % (len(self.where) + 1, catalog, self.info, len(held)), held)
        return out + stream + b"startxref\n%d\n%%%%EOF\n" % start


def _references(numbers: Iterable[int]) -> bytes:
    return b" ".join(b"%d 0 R" % number for number in numbers)


_MOVES = re.compile(rb"""\((?:\\.|[^\\()])*\) | <[0-9A-Fa-f\s]*> | \b(\d+)\ 0\ R\b | (/StructParents?)\s+(\d+)""", re.VERBOSE | re.DOTALL)
"""What is not the same in the joined file, references and places; texts are matched first, so that nothing in them is taken for one."""


class _Part:
    """One PDF on its way into the joined one. It is not parsed: its objects are found, and moved as they are written."""

    def __init__(self, pdf: bytes, joined: _Joined) -> None:
        begins = int(_find(rb"startxref\s+(\d+)\s+%%EOF\s*$", pdf[-64:])[1])
        self.trailer, rows = _stream_of(pdf[begins:])
        widths = [int(one) for one in _find(rb"/W \[(\d+) (\d+) (\d+)\]", self.trailer).groups()]
        table = [rows[at : at + sum(widths)] for at in range(0, len(rows), sum(widths))]
        starts = {
            number: int.from_bytes(row[widths[0] : widths[0] + widths[1]], "big")
            for number, row in enumerate(table) if int.from_bytes(row[: widths[0]], "big") == 1
        }  # fmt: skip
        ends = dict(pairwise(sorted({*starts.values(), begins})))
        self.direct: dict[int, bytes] = {}
        self.others: dict[int, bytes] = {}
        for number, start in starts.items():
            if start < begins:
                content = _find(rb"^\s*\d+ 0 obj\s*(.*?)\s*endobj\s*$", pdf[start : ends[start]])[1]
                if b"/ObjStm" in content[:64]:
                    self.others = dict(_held(content))
                else:
                    self.direct[number] = content
        self.joined, self.before, self.first = joined, joined.reserve(len(table)), joined.free
        self.tree = 0

    def moved(self) -> bytes:
        """Return everything of this part that belongs in the joined file, as it stands there."""
        joined, others = self.joined, self.others
        root = others.pop(_reference("Root", self.trailer))
        self.tree, pages = _reference("StructTreeRoot", root), _reference("Pages", root)
        tags = others.pop(self.tree)
        if not joined.trees:
            joined.info, joined.metadata = self._number(_reference("Info", self.trailer)), self._number(_reference("Metadata", root))
        joined.trees.append(self._number(pages))
        joined.page_count += int(_find(rb"/Count (\d+)", others[pages])[1])
        joined.branches += [self._number(int(one)) for one in re.findall(rb"(\d+) 0 R", _find(rb"/K \[(.*?)\]", tags)[1])]
        leaf = _reference("ParentTree", tags)
        moved = {self._number(number): _MOVES.sub(self._move, content) for number, content in others.items()}
        moved[self._number(leaf)] = self._places(moved[self._number(leaf)])
        moved[self._number(pages)] = b"<< /Parent %d 0 R %b" % (joined.pages, moved[self._number(pages)][2:])
        joined.leaves.append(self._number(leaf))
        direct = {}
        for number, content in self.direct.items():
            told = content[: content.index(b"stream")]
            direct[self._number(number)] = _MOVES.sub(self._move, told) + content[len(told) :]
        return joined.objects(direct, moved)

    def _places(self, content: bytes) -> bytes:
        """Return which tags stand on which page, with the places that are free in the joined file."""
        nums = _find(rb"/Nums\s*\[(.*)\]\s*>>", content)[1]
        found = [int(place) for place in re.findall(rb"(\d+)\s*\[", nums)]
        if found != list(range(len(found))) or not found:
            raise LetterFault("a part is not tagged as it is expected")
        self.joined.free = self.first + len(found)
        nums = re.sub(rb"(\d+)\s*\[", lambda place: b"%d [" % (self.first + int(place[1])), nums)
        return b"<< /Limits [ %d %d ] /Nums [ %b ] >>" % (self.first, self.joined.free - 1, nums)

    def _number(self, key: int) -> int:
        """Return the number that one of this part's objects has in the joined file."""
        return self.joined.tags if key == self.tree else self.before + key

    def _move(self, found: re.Match[bytes]) -> bytes:
        if found[1]:
            return b"%d 0 R" % self._number(int(found[1]))
        return b"%b %d" % (found[2], self.first + int(found[3])) if found[2] else found[0]


def _held(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Give number and content of each object that stands in a stream of objects."""
    told, held = _stream_of(content)
    first = int(_find(rb"/First (\d+)", told)[1])
    index = [int(one) for one in held[:first].split()]
    for (number, at), end in zip(zip(index[::2], index[1::2], strict=True), [*index[3::2], len(held) - first], strict=True):
        yield number, held[first + at : first + end].strip()


def _stream_of(content: bytes) -> tuple[bytes, bytes]:
    """Return what an object says of its stream, and the stream itself."""
    found = _find(rb"<<(.*?)>>\s*stream\r?\n", content)
    length = int(_find(rb"/Length (\d+)", found[1])[1])
    return found[1], zlib.decompress(content[found.end() : found.end() + length])


def _find(pattern: bytes, content: bytes) -> re.Match[bytes]:
    found = re.search(pattern, content, re.DOTALL)
    if found is None:
        raise LetterFault("a part is not written as it is expected")
    return found


def _reference(name: str, content: bytes) -> int:
    """Return the number of the object that an object names so."""
    return int(_find(rb"/%b (\d+) 0 R" % name.encode(), content)[1])
