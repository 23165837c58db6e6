"""Pictures of titles, each kept once."""

import hashlib
from pathlib import Path


def keep_picture(folder: Path, image: bytes) -> str:
    """Keep a picture under the name of its content, so that a changed one is a new file; the name."""
    kind = "png" if image.startswith(b"\x89PNG") else "webp" if image[8:12] == b"WEBP" else "jpg"
    name = f"{hashlib.sha256(image).hexdigest()[:32]}.{kind}"
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / name
    if not target.exists():
        part = folder / f".{name}.part"
        part.write_bytes(image)
        part.rename(target)
    return name
