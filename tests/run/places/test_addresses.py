import socket

from vitreous.run.places import addresses


def test_the_addresses_of_this_machine_end_with_its_own():
    found = addresses.of_this_machine()
    assert found[-1] == "127.0.0.1"
    assert len(set(found)) == len(found)
    assert not any(address.startswith("127.") for address in found[:-1])


def test_who_listens_answers_and_nobody_else():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
        assert not addresses.answers("127.0.0.1", port)
        listener.listen()
        assert addresses.answers("127.0.0.1", port) == "127.0.0.1"
    assert not addresses.answers("no.such.machine.invalid", 4711)
