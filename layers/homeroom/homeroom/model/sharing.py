"""How the vendor side narrows what a district shares (requirement A5). It can only narrow: empty means everything."""

from __future__ import annotations

from homeroom.model.frozen import Frozen


class Sharing(Frozen):
    """Each list that is not empty must be met. Values are those of the canonical roster: source ids of schools and
    classes, grade codes (CEDS), role words."""

    schools: tuple[str, ...] = ()
    grades: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()

    @property
    def narrows(self) -> bool:
        """Whether anything is left out at all."""
        return bool(self.schools or self.grades or self.roles or self.classes)
