"""The tests' own fence: nothing leaves this machine."""

import socket

import pytest


def test_another_machine_cannot_be_reached_by_address() -> None:
    with socket.socket() as outward, pytest.raises(RuntimeError, match="loopback only"):
        outward.connect(("192.0.2.1", 80))


def test_another_machine_cannot_be_looked_up_by_name() -> None:
    with pytest.raises(RuntimeError, match="loopback only"):
        socket.create_connection(("district.example", 443), timeout=1)


def test_this_machine_can_be_reached() -> None:
    with socket.socket() as server, socket.socket() as client:
        server.bind(("127.0.0.1", 0))
        server.listen()
        client.connect(server.getsockname())
        assert client.getpeername() == server.getsockname()
