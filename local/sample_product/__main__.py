"""Runs the sample product on the loopback address and says where: one line of JSON."""

from __future__ import annotations

import json
import logging
import sys
from argparse import ArgumentParser
from dataclasses import replace
from pathlib import Path

from werkzeug.serving import BaseWSGIServer, make_server

from local.sample_product.people import nobody, people_of
from local.sample_product.product import PORTALS, Settings, product

HOST = "127.0.0.1"


def serve(settings: Settings, port: int = 0) -> tuple[BaseWSGIServer, Settings]:
    """A server that listens; its settings say where, if they did not before. The caller lets it `serve_forever`."""
    server = make_server(HOST, port, _not_yet, threaded=True)
    placed = settings if settings.base_url else replace(settings, base_url=f"http://{HOST}:{server.server_port}")
    server.app = product(placed)
    return server, placed


def _not_yet(*_: object) -> list[bytes]:
    raise RuntimeError("the product is not made yet")


def main() -> None:
    """The program."""
    parser = ArgumentParser(prog="python -m local.sample_product", description=__doc__)
    parser.add_argument("--issuer", required=True, help="the provider's base address")
    parser.add_argument("--client-id", required=True)
    parser.add_argument("--client-secret-file", required=True, type=Path)
    parser.add_argument("--port", type=int, default=0, help="0: a free one")
    parser.add_argument("--base-url", default="", help="where browsers reach it, if not at this port")
    parser.add_argument("--name", default="Sample product")
    parser.add_argument("--people", type=Path, help="JSON: {district: {person id: {name, role}}}")
    parser.add_argument("--portal", action="append", default=[], metavar="NAME=URL", help="where to sign out of one")
    given = parser.parse_args()
    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # its lines hold whole addresses, codes included
    server, placed = serve(Settings(
        issuer=given.issuer.rstrip("/"), client_id=given.client_id, name=given.name, base_url=given.base_url,
        client_secret=given.client_secret_file.read_text().strip(),
        people=people_of(given.people) if given.people else nobody,
        portals=dict(one.split("=", 1) for one in given.portal) or PORTALS,
    ), given.port)
    sys.stdout.write(json.dumps({
        "url": placed.base_url, "initiate_uri": placed.initiate_uri, "redirect_uri": placed.redirect_uri,
        "client_id": placed.client_id,
    }) + "\n")
    sys.stdout.flush()
    server.serve_forever()


if __name__ == "__main__":
    main()
