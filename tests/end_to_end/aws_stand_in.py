"""AWS as seen through a proxy: every ``*.amazonaws.com`` is a moto server, and Firehose is local_firehose. Programs speak TLS to AWS's own
names, find buckets by host name and are signed in earnest; they know of nothing but HTTPS_PROXY and AWS_CA_BUNDLE, as behind a company's proxy.
"""

import contextlib
import re
import socket
import socketserver
import ssl
import tempfile
import threading
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


class Authority:
    """A certificate authority for one test: whoever trusts its `bundle` takes us for AWS."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._key = folder, ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "stand-in for AWS")])
        self._certificate = self._signed(self._name, self._key, x509.BasicConstraints(ca=True, path_length=None))
        self._contexts: dict[str, ssl.SSLContext] = {}
        self._lock = threading.Lock()
        self.bundle = folder / "ca.pem"
        self.bundle.write_bytes(self._certificate.public_bytes(serialization.Encoding.PEM))

    def context(self, host: str) -> ssl.SSLContext:
        with self._lock:
            if host not in self._contexts:
                self._contexts[host] = self._made(host)
            return self._contexts[host]

    def _made(self, host: str) -> ssl.SSLContext:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host[:64])])
        certificate = self._signed(name, key, x509.SubjectAlternativeName([x509.DNSName(host)]))
        with tempfile.NamedTemporaryFile(dir=self._folder) as file:
            file.write(
                key.private_bytes(
                    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
                )
                + certificate.public_bytes(serialization.Encoding.PEM)
            )
            file.flush()
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(file.name)
        return context

    def _signed(
        self, subject: x509.Name, key: ec.EllipticCurvePrivateKey, extension: x509.ExtensionType
    ) -> x509.Certificate:
        now = datetime.now(UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(extension, critical=isinstance(extension, x509.BasicConstraints))
            .sign(self._key, hashes.SHA256())
        )


class AwsStandIn:
    """The proxy. `upstreams` are ports on loopback: of ``firehose``, and of all other services (``default``)."""

    def __init__(self, folder: Path, upstreams: Mapping[str, int]) -> None:
        self.authority, self.upstreams = Authority(folder), dict(upstreams)
        self.reached: set[str] = set()
        self.refused: set[str] = set()
        stand_in = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                with contextlib.suppress(OSError):  # whoever hangs up, hangs up
                    stand_in.connect(self.request)

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    @property
    def settings(self) -> dict[str, str]:
        """Return what a user behind such a proxy has in the environment."""
        return {
            "HTTPS_PROXY": f"http://127.0.0.1:{self._server.server_address[1]}",
            "AWS_CA_BUNDLE": str(self.authority.bundle),
        }

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def connect(self, client: socket.socket) -> None:
        """Answer one CONNECT and carry what follows, decrypted, to the upstream of that host."""
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            part = client.recv(1)
            if not part:
                return
            head += part
        found = re.match(rb"CONNECT ([\w.-]+\.amazonaws\.com):443 ", head)
        if found is None:
            self.refused.add(head.split(b"\r\n", 1)[0].decode())
            client.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
            return
        host = found[1].decode()
        self.reached.add(host)
        service = "firehose" if host.startswith("firehose.") else "default"
        client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        with (
            self.authority.context(host).wrap_socket(client, server_side=True) as inside,
            socket.create_connection(("127.0.0.1", self.upstreams[service])) as upstream,
        ):
            threading.Thread(target=_carry, args=(upstream, inside), daemon=True).start()
            _carry(inside, upstream)


def _carry(source: socket.socket, destination: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            destination.sendall(data)
    with contextlib.suppress(OSError):
        destination.shutdown(socket.SHUT_WR if isinstance(source, ssl.SSLSocket) else socket.SHUT_RDWR)
