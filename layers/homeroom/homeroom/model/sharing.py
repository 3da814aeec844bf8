"""How the vendor side narrows what a district shares (requirement A5). It can only narrow: empty means everything."""

from __future__ import annotations

from pydantic import field_validator

from homeroom.model.frozen import Frozen
from homeroom.model.vocabulary import GRADES, ROLES, Vocabulary, plain


class Sharing(Frozen):
    """Each list that is not empty must be met. Values are those of the canonical roster: source ids of schools and
    classes, grade codes (CEDS), role words. Other spellings of grades and roles are taken for what they mean; words
    that nobody knows would leave everybody out, so operations refuse them."""

    schools: tuple[str, ...] = ()
    grades: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()

    @field_validator("grades")
    @classmethod
    def _known_grades(cls, words: tuple[str, ...]) -> tuple[str, ...]:
        return _known(words, GRADES)

    @field_validator("roles")
    @classmethod
    def _known_roles(cls, words: tuple[str, ...]) -> tuple[str, ...]:
        return _known(words, ROLES)

    @property
    def narrows(self) -> bool:
        """Whether anything is left out at all."""
        return bool(self.schools or self.grades or self.roles or self.classes)


def _known(words: tuple[str, ...], vocabulary: Vocabulary) -> tuple[str, ...]:
    """The words as the roster has them, each once."""
    known = vocabulary.spellings()
    return tuple(dict.fromkeys(known.get(plain(word), word) for word in words))
