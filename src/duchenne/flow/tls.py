"""TLS keys for a cluster: only clients that have them can connect.

Dask runs any code that a client sends, as the owner of the worker, so a port without keys lets
everyone who reaches it run code. Here both sides of a connection show a certificate (mutual TLS).
Scheduler, workers and clients share one self-signed certificate, which is its own authority.
"""

import os
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import platformdirs

from duchenne.errors import EngineError, ParamsError

CERTIFICATE, KEY = "cert.pem", "key.pem"
_DAYS = 3650  # a folder of keys lasts until somebody deletes it
_ROLES = ("client", "scheduler", "worker")


def make() -> tuple[str, str]:
    """A new certificate and its private key, as PEM texts (X.509, elliptic curve P-256)."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "duchenne")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))  # clocks of other machines may be behind
        .not_valid_after(now + timedelta(days=_DAYS))
        .sign(key, hashes.SHA256())
    )
    text = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return certificate.public_bytes(serialization.Encoding.PEM).decode(), text.decode()


def of_this_run() -> Any:
    """Dask's `Security` with new keys, which only this process and its workers have."""
    return _security(*make())


def of_folder(folder: Path) -> Any:
    """Dask's `Security` with the keys in a folder; refused if others can read them."""
    certificate, key = folder / CERTIFICATE, folder / KEY
    missing = [path.name for path in (certificate, key) if not path.is_file()]
    if missing:
        raise EngineError(
            f"{folder} lacks {' and '.join(missing)}, the keys of the cluster; `duchenne "
            "scheduler` makes them, and every machine needs the same (see docs/scale.md)"
        )
    _refuse_open(key)
    return _security(str(certificate), str(key))


def make_folder(folder: Path) -> None:
    """Make keys in a folder that has none."""
    if (folder / KEY).exists() or (folder / CERTIFICATE).exists():
        return
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    certificate, key = make()
    _write(folder / KEY, key)
    _write(folder / CERTIFICATE, certificate)


def folder_of(setting: str) -> Path:
    """The folder of the setting `tls` in engine.yaml."""
    if setting == "auto":
        return platformdirs.user_config_path("duchenne") / "tls"
    folder = Path(setting).expanduser()
    if not folder.is_absolute():
        raise ParamsError(
            f"engine.yaml: tls: {setting} should be auto or a full path such as ~/keys, since "
            "stages and experiments run in several folders"
        )
    return folder


def _security(certificate: str, key: str) -> Any:
    from distributed import Security

    roles = {f"tls_{role}_cert": certificate for role in _ROLES}
    roles |= {f"tls_{role}_key": key for role in _ROLES}
    return Security(require_encryption=True, tls_ca_file=certificate, **roles)


def _refuse_open(key: Path) -> None:
    found = key.stat()
    if found.st_uid not in (os.geteuid(), 0) or stat.S_IMODE(found.st_mode) & 0o077:
        raise EngineError(
            f"{key} can be read by others, who could then run code as you; `chmod 600 {key}`, or "
            "delete the folder and let `duchenne scheduler` make new keys"
        )


def _write(path: Path, text: str) -> None:
    """Write a file that from the start only its owner can read."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(text)
