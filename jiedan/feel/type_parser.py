"""Types and names as they are written in expressions."""

import re

from jiedan.feel.lexer import WORD, squeeze
from jiedan.feel.token_reader import TokenReader
from jiedan.feel.types import ANY, BARE, Type, find_type

_KEY = re.compile(r"[^:,(){}\[\]\"]*", re.DOTALL)


class TypeParser(TokenReader):
    """Parses types, and names before a colon or a dot's end."""

    def _key(self) -> str:
        if self.token.kind == "string":
            name: str = self.advance().value
        else:
            found = _KEY.match(self.lexer.text, self.token.start)
            name = squeeze(found[0]) if found else ""
            if not WORD.match(name):
                raise self.unexpected("a name")
            self.token = self.lexer.token(found.end() if found else 0)
        if self.token.kind != ":":
            raise self.unexpected('":"')
        self.advance()
        return name

    def _property(self) -> str:
        token = self.lexer.token(self.token.end, property_name=True)
        if token.kind != "name":
            self.token = token
            raise self.unexpected("a name")
        self.token = token
        self.advance()
        return self._merge(token)

    def _annotation(self) -> Type | None:
        if self.token.kind != ":":
            return None
        self.advance()
        return self.type()

    def type(self) -> Type:
        """A type, after `instance of` or of a parameter."""
        self.depth = self._deeper(self.depth)
        token = self.token
        if token.kind == "function":
            self.advance()
            found = self._function_type()
        elif token.kind == "null":
            self.advance()
            found = find_type("Null")
        elif token.kind != "name":
            raise self.unexpected("a type")
        else:
            self.advance()
            found = self._named_type(self._merge(token))
        self.depth -= 1
        return found

    def _named_type(self, name: str) -> Type:
        while self.token.kind == "." and (self.types is None or name not in self.types):
            name = f"{name}.{self._property()}"
        if self.token.kind != "<" or name not in BARE:
            return find_type(name, self.types)
        self.advance()
        if name == "context":
            return self._context_type()
        inner = self.type()
        self.take(">")
        return Type(name, of=inner)

    def _context_type(self) -> Type:
        entries: list[tuple[str, Type]] = []
        while self.token.kind != ">":
            if entries:
                self.take(",")
            name = self._key()
            entries.append((name, self.type()))
        self.advance()
        return Type("context", entries=tuple(entries))

    def _function_type(self) -> Type:
        if self.token.kind != "<":
            return BARE["function"]
        self.advance()
        entries: list[tuple[str, Type]] = []
        while self.token.kind != ">":
            if entries:
                self.take(",")
            entries.append(("", self.type()))
        self.advance()
        self.take("->")
        return Type("function", of=self.type() or ANY, entries=tuple(entries))
