"""A pass in Google's form, put together: look, vertical, class and object. What adapter.py sends and what a save link carries.

May not enter: the network, the store, the clock."""

from collections.abc import Mapping

import msgspec

from billfold.domain.content import Content, JsonObject
from billfold.domain.passes import Pass, Template
from billfold.wallets.google import classes, objects
from billfold.wallets.google.classes import WantedClass
from billfold.wallets.google.look import Look, Made, PublicImages, look_of
from billfold.wallets.google.objects import NO_EXTRAS, Extras, WantedObject
from billfold.wallets.google.shapes import PassObject
from billfold.wallets.google.verticals import Vertical, vertical_of

_NO_PLACES: Mapping[str, str] = {}


class Form(msgspec.Struct, frozen=True):
    """`made`: None for a generic pass, which is made in one go."""

    pass_: Pass
    look: Look
    vertical: Vertical
    class_id: str
    made: Made | None

    @property
    def places(self) -> Mapping[str, str]:
        return self.made.places if self.made is not None else _NO_PLACES

    def shape(self, extras: Extras = NO_EXTRAS) -> PassObject:
        return objects.object_of(self.pass_, self.look, self.class_id, self.made, extras)

    def object_(self, extras: Extras = NO_EXTRAS) -> WantedObject:
        return objects.wanted_object(self.shape(extras), self.look.content)

    def class_(self, callback_url: str | None) -> WantedClass:
        return classes.wanted_class(self.class_id, self.look, self.made, callback_url)

    def essential_class(self) -> JsonObject | None:
        """For a save link whose class Google may not have; a generic one goes along by its id."""
        return classes.essential_class(self.made, self.class_id) if self.made is not None else None


def form_of(pass_: Pass, content: Content, template: Template | None, images: PublicImages) -> Form:
    look, vertical = look_of(content, images), vertical_of(content)
    made = objects.made_of(look) if vertical.reviewed else None
    return Form(pass_, look, vertical, classes.class_id(pass_, look, template, made), made)
