"""Write straight-line Python that encodes, the mirror of `ingest.uper.decoder_source`.

A generated function takes a value and returns the number and its width in bits. It raises `Rare` (or trips over a
missing key or a wrong type) for whatever it does not handle; `ReferenceEncoder` then finds out what that was.
"""

from ingest.uper.schema import Bits, Choice, Enum, Field, Flag, Int, ListOf, Named, Octets, Open, Seq, Text, Type
from ingest.uper.source import Source, bare, function_name, is_called, parts


def encoder_source(frame: Named) -> str:
    """Return the source of a function for each larger type of a profile."""
    source = Source()
    for kind in parts(frame):
        with source.block(f"def {function_name(kind)}(v):"):
            source.line("n = w = 0")
            _Writer(source).compound(kind.type, "v")
            source.line("return n, w")
    return source.text


class _Writer:
    def __init__(self, source: Source) -> None:
        self._source = source

    def append(self, kind: Type, value: str) -> None:
        """Write what appends one value to `n`."""
        inner = bare(kind)
        line = self._source.line
        if isinstance(kind, Named) and is_called(kind):
            self._append_pair(f"{function_name(kind)}({value})")
            return
        match inner:
            case Int(lo, hi, extensible):
                self._int(value, lo, hi, int(extensible))
            case Enum(names, extensible):
                width = extensible + (len(names) - 1).bit_length()
                indices = {name: index for index, name in enumerate(names)}
                line(f"n = n << {width} | {indices!r}[{value}]; w += {width}")
            case Bits(size, extensible):
                line(f"n = n << {extensible + size} | bits_number({value}, {size}); w += {extensible + size}")
            case Octets(8, 8, extensible=False):
                line(f"n = n << 64 | device_id_number({value}); w += 64")
            case Octets(lo, hi, extensible):
                self._append_pair(f"octets_pair({value}, {lo}, {hi}, {extensible})")
            case Text(lo, hi):
                self._append_pair(f"text_pair({value}, {lo}, {hi})")
            case Flag():
                line(f"n = n << 1 | {{True: 1, False: 0}}[{value}]; w += 1")
            case _:
                self.compound(inner, value)

    def compound(self, kind: Type, value: str) -> None:
        """Write what appends a sequence, a choice or a list."""
        match kind:
            case Seq():
                self._seq(kind, value)
            case Choice():
                self._choice(kind, value)
            case ListOf():
                self._list(kind, value)

    def _append_pair(self, expression: str) -> None:
        number, width = self._source.name("a"), self._source.name("b")
        self._source.line(f"{number}, {width} = {expression}")
        self._source.line(f"n = n << {width} | {number}; w += {width}")

    def _int(self, value: str, lo: int, hi: int, marker: int) -> None:
        name = self._source.name("x")
        width = marker + (hi - lo).bit_length()
        self._source.line(f"{name} = {value}")
        with self._source.block(f"if not {lo} <= {name} <= {hi}:"):
            self._source.line("raise Rare")
        moved = f"({name} - {lo})" if lo > 0 else f"({name} + {-lo})" if lo else name
        self._source.line(f"n = n << {width} | {moved}; w += {width}")

    def _seq(self, kind: Seq, value: str) -> None:
        source = self._source
        here = source.name("v")
        source.line(f"{here} = {value}")
        optional = {field.name: source.name("o") for field in kind.fields if field.optional}
        for name, flag in optional.items():
            source.line(f"{flag} = {name!r} in {here}")
        count = " + ".join([str(len(kind.fields) - len(optional)), *optional.values()])
        with source.block(f"if len({here}) != {count}:"):
            source.line("raise Rare")
        head = kind.extensible + len(optional)
        if head:
            places = reversed(range(len(optional)))
            flags = " | ".join(f"{flag} << {place}" for flag, place in zip(optional.values(), places, strict=True))
            source.line(f"n = n << {head} | {flags or 0}; w += {head}")
        for field in kind.fields:
            self._member(field, here, optional.get(field.name))

    def _member(self, field: Field, here: str, flag: str | None) -> None:
        value = f"{here}[{field.name!r}]"
        if isinstance(field.type, Open):
            contents = ", ".join(f"{key}: {function_name(content)}" for key, content in field.type.table)
            self._append_pair(f"open_pair({{{contents}}}[{here}[{field.type.key!r}]]({value}))")
        elif flag is None:
            self.append(field.type, value)
        else:
            with self._source.block(f"if {flag}:"):
                self.append(field.type, value)

    def _choice(self, kind: Choice, value: str) -> None:
        source = self._source
        name, inner = source.name("k"), source.name("u")
        source.line(f"[({name}, {inner})] = {value}.items()")
        width = kind.extensible + (len(kind.alternatives) - 1).bit_length()
        for number, field in enumerate(kind.alternatives):
            with source.block(f"{'el' if number else ''}if {name} == {field.name!r}:"):
                source.line(f"n = n << {width} | {number}; w += {width}")
                self.append(field.type, inner)
        for number, field in enumerate(kind.additions):
            if isinstance(field.type, Named):
                with source.block(f"elif {name} == {field.name!r}:"):
                    source.line(f"n = n << 8 | {1 << 7 | number}; w += 8")
                    self._append_pair(f"open_pair({function_name(field.type)}({inner}))")
        with source.block("else:"):
            source.line("raise Rare")

    def _list(self, kind: ListOf, value: str) -> None:
        source = self._source
        entries, entry, count = source.name("l"), source.name("e"), source.name("s")
        source.line(f"{entries} = {value}")
        source.line(f"{count} = len({entries})")
        if kind.hi is None:
            self._append_pair(f"length_pair({count})")
        else:
            width = (kind.hi - kind.lo).bit_length()
            with source.block(f"if not {kind.lo} <= {count} <= {kind.hi}:"):
                source.line("raise Rare")
            source.line(f"n = n << {width} | ({count} - {kind.lo}); w += {width}")
        with source.block(f"for {entry} in {entries}:"):
            self.append(kind.element, entry)
