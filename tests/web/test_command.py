"""The command that opens the window: what it prints, where it listens, whom it lets in, how quickly it is there."""

import os
import re
import socket
import ssl
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import httpx2
import psutil
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from tests.web.conftest import RIGHT, serving

from vitreous.project.project import Project
from vitreous.web import command


@pytest.fixture
def folder(tmp_path):
    Project.new(tmp_path / "demo")
    return tmp_path / "demo"


def test_the_first_page_takes_less_than_a_second(folder):
    with serving(folder):
        pass  # what is compiled once is compiled
    with serving(folder) as window:
        httpx2.get(f"{window.base}/", headers=RIGHT, follow_redirects=False, timeout=60)
        used = psutil.Process(window.process.pid).cpu_times()
    assert used.user + used.system < 2.5, "CPU-seconds: about one on a quiet machine, up to twice that on a crowded one"


def test_plain_vitreous_opens_a_project_and_else_explains_itself(folder, tmp_path):
    environment = {**os.environ, "HOME": str(tmp_path), "PYTHONUNBUFFERED": "1"}
    words = [sys.executable, "-m", "vitreous"]
    outside = subprocess.run(words, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120, check=True)
    assert outside.stdout.startswith("Usage: vitreous")
    inside = subprocess.Popen(words, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True)
    try:
        line = inside.stdout.readline()
        assert re.search(r"http://127\.0\.0\.1:\d+/\?token=\S{40,}", line)
        assert len(list((tmp_path / ".vitreous" / "windows").glob("*.token"))) == 1
    finally:
        inside.terminate()
        inside.wait(timeout=10)
    assert not (folder / ".vitreous" / "window").exists(), "the project holds no key of the window"


def test_a_port_that_is_taken_leads_to_the_next(monkeypatch, capsys):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        number = taken.getsockname()[1]
        monkeypatch.setattr(command, "PORT", number)
        other = command._listen("127.0.0.1", None)
        assert other.getsockname()[1] > number and f"port {number} is taken" in capsys.readouterr().err
        other.close()
        with pytest.raises(command.UserError, match="taken"):
            command._listen("127.0.0.1", number)
    with pytest.raises(command.UserError, match="no port"):
        command._listen("127.0.0.1", 70000)


def test_it_listens_to_this_machine_alone(folder):
    with serving(folder) as window:
        port = int(window.base.rpartition(":")[2])
        other = next((a[4][0] for a in socket.getaddrinfo(socket.gethostname(), None) if not a[4][0].startswith("127.")), None)
        if other:
            with pytest.raises(OSError):
                socket.create_connection((other, port), timeout=2)
        assert httpx2.get(f"{window.base}/api/p/demo/project").status_code == 401


def test_a_window_to_look_only(folder):
    with serving(folder, "--read-only") as window:
        assert httpx2.get(f"{window.base}/api/p/demo/project", headers=RIGHT).json()["may_act"] is False
        assert httpx2.post(f"{window.base}/api/p/demo/shares", json={}, headers=RIGHT).status_code == 403
    assert sorted(path.name for path in folder.iterdir()) == sorted(
        [".gui_projectdir", ".pipeline_has_changed", ".vitreous", "default_pipeline.star"]
    )


def certificate(folder):
    """A certificate for this machine, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    plain = serialization.NoEncryption()
    (folder / "key.pem").write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain))
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    return folder / "cert.pem", folder / "key.pem"


def test_it_speaks_tls_when_it_is_given_a_certificate(folder, tmp_path):
    cert, key = certificate(tmp_path)
    with serving(folder, "--tls-cert", str(cert), "--tls-key", str(key)) as window:
        assert window.base.startswith("https://127.0.0.1:")
        trusted = ssl.create_default_context(cafile=str(cert))
        base = window.base.replace("127.0.0.1", "localhost")
        answer = httpx2.get(f"{base}/?token={RIGHT['Authorization'][7:]}", verify=trusted)
        assert answer.status_code == 303 and "Secure" in answer.headers["set-cookie"]


@pytest.mark.parametrize("words", [["nowhere"], ["--tls-cert", "a.pem"], ["--port", "-1"]])
def test_what_cannot_be_is_said_in_a_sentence(folder, words):
    ran = subprocess.run(
        [sys.executable, "-m", "vitreous", "web", *words], cwd=folder, capture_output=True, text=True, timeout=120
    )
    assert ran.returncode == 1 and len(ran.stderr.strip().splitlines()) == 1, ran.stderr
