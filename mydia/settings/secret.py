"""The house's own key: configured, or made at the first start and kept in the data folder, readable by its owner alone."""

import os
import secrets

from mydia.errors import Invalid
from mydia.settings.model import Config

FILE = "secret_key"


def secret_key(config: Config) -> bytes:
    """`server.secret_key_base`, or else what stands in <data_dir>/secret_key, which is made when it is missing.

    Invalid when the file can't be made or read, or holds too little to be a key. The data folder exists.
    """
    chosen = config.server.secret_key_base
    if chosen is not None:
        return chosen.get_secret_value().encode()
    file = config.data_dir / FILE
    try:
        if not file.exists():
            # Whole under its name or not there at all: a start that is killed here leaves no half of a key.
            part = file.with_name(f"{FILE}.{os.getpid()}")
            with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
                out.write(secrets.token_urlsafe(48))
                out.flush()
                os.fsync(out.fileno())
            part.replace(file)
        key = file.read_bytes().strip()
    except OSError as error:
        raise Invalid(
            f"The key file {file} can't be used ({error.strerror}). Let Mydia's user read and write it, or set server.secret_key_base.",
            field="server.secret_key_base",
        ) from error
    if len(key) < 32:
        raise Invalid(
            f"The key file {file} holds fewer than 32 characters. Remove it for a new key; everybody will have to log in again.",
            field="server.secret_key_base",
        )
    return key
