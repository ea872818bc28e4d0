import os

import pytest

from vitreous.project.schemes import mail


@pytest.fixture
def programs(tmp_path, monkeypatch):
    """A folder on the path, alone, in which a test puts mail programs that note what they got."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setattr(mail, "PLACES", str(folder))

    def add(name, code=0):
        (folder / name).write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/words\n/bin/cat > {tmp_path}/text\nexit {code}\n')
        os.chmod(folder / name, 0o755)
        return tmp_path

    return add


def test_nobody_asked_for_mail(build, programs):
    assert mail.send(build("s").read(), "subject", "text") == ""
    assert mail.send(build("t", {"email": "undefined"}).read(), "subject", "text") == ""


def test_mail_is_sent_by_what_there_is(build, programs):
    scheme = build("s", {"email": "me@example.org"}).read()
    assert mail.send(scheme, "subject", "text") == "no mail to me@example.org: this machine has neither mail nor sendmail"
    where = programs("sendmail")
    assert mail.send(scheme, "all well", "line") == "mail sent to me@example.org"
    assert (where / "words").read_text() == "-t\n"
    assert (where / "text").read_text() == "To: me@example.org\nSubject: all well\n\nline\n"
    programs("mail")
    assert mail.send(scheme, "all well", "line") == "mail sent to me@example.org"
    assert (where / "words").read_text() == "-s all well me@example.org\n"
    assert (where / "text").read_text() == "line"


def test_a_program_that_fails_is_said(build, programs):
    scheme = build("s", {"email": "me@example.org"}).read()
    programs("mail", code=3)
    assert "ended with code 3" in mail.send(scheme, "subject", "text")


def test_what_is_no_address_goes_to_no_program(build, programs):
    programs("mail")
    assert "is no address" in mail.send(build("s", {"email": "-X@evil"}).read(), "subject", "text")
