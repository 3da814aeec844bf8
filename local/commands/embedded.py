"""`homeroom up` and `homeroom down`: the embedded AWS with the real stack, on this machine alone."""

from __future__ import annotations

from local import embedded, screen
from local.commands.options import Json
from local.demo.neighbours import end_neighbours
from local.embedded import EmbeddedError
from local.reasons import Stopped
from local.views.stack import addresses_view


def up(as_json: Json = False) -> int:
    """Start the embedded AWS and deploy the stack to it.

    Called again it deploys what changed and keeps all data.
    """
    try:
        with screen.progress("making the layers, starting the embedded AWS, deploying template.yaml", quiet=as_json):
            started = embedded.up()
    except EmbeddedError as broken:
        raise Stopped(str(broken)) from broken
    outputs = dict(started.stack.outputs) if started.stack else {}
    if as_json:
        screen.print_json({"endpoint": started.endpoint, "sign_in": started.front_door, "outputs": outputs})
    else:
        screen.show(*addresses_view(started.endpoint, outputs, everything=True), "Stop it with `homeroom down`.")
    return 0


def down(as_json: Json = False) -> int:
    """Stop the embedded AWS, and what the demo left up beside it; what was in it is gone."""
    try:
        end_neighbours()
        stopped = embedded.down()
    except EmbeddedError as broken:
        raise Stopped(str(broken)) from broken
    if as_json:
        screen.print_json({"stopped": stopped})
    else:
        screen.show("Stopped." if stopped else "Nothing ran.")
    return 0
