"""A picture is kept under the name of its content."""

from pathlib import Path

from mydia.adapters.disk.pictures import keep_picture


def test_a_picture_is_kept_once_and_another_beside_it(tmp_path: Path) -> None:
    folder = tmp_path / "posters"
    names = [keep_picture(folder, image) for image in (b"\x89PNG one", b"\x89PNG one", b"RIFF....WEBP", b"else")]
    assert names[0] == names[1]
    assert [name.rpartition(".")[2] for name in names[1:]] == ["png", "webp", "jpg"]
    assert {f.name for f in folder.iterdir()} == set(names)
    assert (folder / names[0]).read_bytes() == b"\x89PNG one"
