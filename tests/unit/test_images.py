from __future__ import annotations

import contextlib
import io
import os
import random
import struct
import subprocess
import sys
import warnings
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image, ImageCms, ImageFile, PngImagePlugin

from inkdigits.errors import (
    ImageCorruptError,
    ImageError,
    ImageFormatError,
    ImageNotFoundError,
    ImageTooLargeError,
    MissingExtraError,
)
from inkdigits.images import DEFAULT_LIMITS, Limits, Page, Source, expand_paths, load_pages

RED, GREEN, BLUE, WHITE, BLACK = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255), (0, 0, 0)
LOSSLESS = ("PNG", "WEBP", "TIFF", "BMP", "GIF")
SUFFIXES = {"PNG": ".png", "JPEG": ".jpg", "WEBP": ".webp", "TIFF": ".tif", "BMP": ".bmp", "GIF": ".gif"}
ORIENTATION = 0x0112


def encode(image: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    if kind == "WEBP":
        options.setdefault("lossless", True)
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def make_picture(width: int = 24, height: int = 16) -> Image.Image:
    """White with a red left upper, a green right upper and a blue left lower quarter."""
    image = Image.new("RGB", (width, height), WHITE)
    image.paste(RED, (0, 0, width // 2, height // 2))
    image.paste(GREEN, (width // 2, 0, width, height // 2))
    image.paste(BLUE, (0, height // 2, width // 2, height))
    return image


def make_noise(width: int = 64, height: int = 48) -> Image.Image:
    values = np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return Image.fromarray(values)


def make_png(
    rows: npt.NDArray[Any], *, depth: int, colour: int, trns: bytes = b"", size: tuple[int, int] | None = None
) -> bytes:
    """Write a PNG by hand; rows are the packed bytes of each row, (H, bytes) uint8."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    width, height = size or (rows.shape[1] * 8 // depth, rows.shape[0])
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))
    body = chunk(b"IDAT", zlib.compress(b"".join(b"\0" + row.tobytes() for row in rows)))
    middle = chunk(b"tRNS", trns) if trns else b""
    return b"\x89PNG\r\n\x1a\n" + header + middle + body + chunk(b"IEND", b"")


def make_pdf(*sizes_pt: tuple[int, int]) -> bytes:
    pages = [make_picture(*size) for size in sizes_pt]
    return encode(pages[0], "PDF", resolution=72, save_all=True, append_images=pages[1:])


def only(source: Source, **limits: int) -> Page:
    (page,) = load_pages(source, limits=Limits(**limits))
    return page


def test_default_limits_are_documented_values() -> None:
    assert Limits() == DEFAULT_LIMITS
    assert (DEFAULT_LIMITS.max_bytes, DEFAULT_LIMITS.max_pixels, DEFAULT_LIMITS.max_pages) == (
        2**26,
        10**8,
        200,
    )


# Kinds of file


@pytest.mark.parametrize("kind", LOSSLESS)
def test_lossless_kinds_give_the_same_pixels(kind: str, tmp_path: Path) -> None:
    picture = make_picture()
    path = tmp_path / f"a{SUFFIXES[kind]}"
    path.write_bytes(encode(picture, kind))
    for source, name in ((path, str(path)), (str(path), str(path)), (path.read_bytes(), "")):
        page = only(source)
        np.testing.assert_array_equal(page.rgb, np.asarray(picture))
        assert (page.size, page.source, page.index) == ((16, 24), name, 0)


def test_jpeg_is_close() -> None:
    page = only(encode(make_picture(), "JPEG", quality=95, subsampling=0))
    assert np.abs(page.rgb.astype(int) - np.asarray(make_picture())).max() < 30


def test_content_decides_not_the_name(tmp_path: Path) -> None:
    path = tmp_path / "really_a_png.jpg"
    path.write_bytes(encode(make_picture(), "PNG"))
    assert only(path).size == (16, 24)


def test_multi_page_tiff_keeps_order_and_turns_each_page() -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    pages = [Image.new("RGB", (4, 2), colour) for colour in (RED, GREEN, BLUE)]
    for compression in (None, "tiff_deflate"):
        data = encode(
            pages[0], "TIFF", save_all=True, append_images=pages[1:], exif=exif, compression=compression
        )
        loaded = load_pages(data)
        assert [page.index for page in loaded] == [0, 1, 2]
        assert [tuple(page.rgb[0, 0]) for page in loaded] == [RED, GREEN, BLUE]
        assert loaded[0].size == (4, 2)


def test_tiff_pages_of_different_size_and_mode() -> None:
    other = Image.new("1", (7, 5), 1)
    data = encode(make_picture(), "TIFF", save_all=True, append_images=[other, Image.new("CMYK", (3, 3))])
    assert [page.size for page in load_pages(data)] == [(16, 24), (5, 7), (3, 3)]


def test_tiff_thumbnails_are_no_pages() -> None:
    reduced = {254: 1}  # on both frames; the first is a page whatever it says
    thumbnail = Image.new("L", (3, 2))
    data = encode(make_picture(), "TIFF", save_all=True, append_images=[thumbnail], tiffinfo=reduced)
    assert [page.size for page in load_pages(data)] == [(16, 24)]
    with pytest.raises(ImageTooLargeError):  # and no frame behind the limit is dropped silently
        load_pages(data, limits=Limits(max_pages=1))


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_animation_gives_its_first_frame(kind: str) -> None:
    frames = [Image.new("RGB", (6, 4), colour) for colour in (RED, GREEN, BLUE)]
    page = only(encode(frames[0], kind, save_all=True, append_images=frames[1:], duration=10))
    assert tuple(page.rgb[0, 0]) == RED


def test_pdf_pages_are_rendered_at_200_dpi() -> None:
    loaded = load_pages(make_pdf((72, 36), (36, 72)))
    assert [page.size for page in loaded] == [(100, 200), (200, 100)]
    assert loaded[1].index == 1
    corners = loaded[0].rgb[[10, 90], [10, 190]].astype(int)
    assert np.abs(corners - [RED, WHITE]).max() < 5  # a JPEG lies in the PDF


def test_pdf_is_rendered_coarser_where_it_would_be_too_large() -> None:
    height, width = only(make_pdf((720, 360)), max_pixels=10_000).size
    assert height * width <= 10_000
    assert height * width > 9_500
    assert width / height == pytest.approx(2, rel=0.02)


def test_pdf_without_pypdfium2_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pypdfium2", None)
    with pytest.raises(MissingExtraError, match=r"inkdigits\[pdf\]"):
        load_pages(make_pdf((10, 10)))


def test_encrypted_pdf_is_refused() -> None:
    # A standard security handler of revision 2 whose keys fit no empty password.
    objects = (
        b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
        b"2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
        b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>endobj\n"
        b"4 0 obj<</Filter/Standard/V 1/R 2/P -4/O<" + b"11" * 32 + b">/U<" + b"22" * 32 + b">>>endobj\n"
    )
    offsets = [objects.index(b"%d 0 obj" % number) for number in (1, 2, 3, 4)]
    table = b"xref\n0 5\n0000000000 65535 f \n" + b"".join(b"%010d 00000 n \n" % at for at in offsets)
    trailer = b"trailer<</Root 1 0 R/Size 5/Encrypt 4 0 R/ID[<00><00>]>>\nstartxref\n%d\n%%%%EOF" % len(
        objects
    )
    with pytest.raises(ImageFormatError, match="password"):
        load_pages(objects + table + trailer)


# Orientation


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["PNG", "WEBP", "TIFF", "JPEG"])
def test_exif_orientation_is_applied(orientation: int, kind: str) -> None:
    upright = make_picture(48, 32)
    flip, turn = Image.Transpose, Image.Image.transpose
    stored = {  # how a camera would store the upright scene: the inverse of EXIF's turn
        1: upright,
        2: turn(upright, flip.FLIP_LEFT_RIGHT),
        3: turn(upright, flip.ROTATE_180),
        4: turn(upright, flip.FLIP_TOP_BOTTOM),
        5: turn(upright, flip.TRANSPOSE),
        6: turn(upright, flip.ROTATE_90),
        7: turn(upright, flip.TRANSVERSE),
        8: turn(upright, flip.ROTATE_270),
    }[orientation]
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    page = only(encode(stored, kind, exif=exif))
    assert page.size == (32, 48)
    assert np.abs(page.rgb[4::8, 4::8].astype(int) - np.asarray(upright)[4::8, 4::8]).max() < 30


@pytest.mark.parametrize("exif", [b"Exif\0\0II*\0garbage", b"Exif\0\0", b"Exif\0\0MM\0*\xff\xff\xff\xff"])
def test_damaged_exif_leaves_the_picture_as_it_is(exif: bytes) -> None:
    picture = make_picture()
    picture.info["exif"] = exif
    np.testing.assert_array_equal(only(picture).rgb, np.asarray(make_picture()))


# Transparency


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "TIFF"])
def test_alpha_lies_on_white(kind: str) -> None:
    image = Image.new("RGBA", (3, 1))
    for x, alpha in enumerate((0, 128, 255)):
        image.putpixel((x, 0), (0, 0, 0, alpha))
    page = only(encode(image, kind, **({"exact": True} if kind == "WEBP" else {})))
    assert page.gray[0].tolist() == [255, 127, 0]


@pytest.mark.parametrize("mode", ["LA", "La", "PA", "RGBa"])
def test_other_modes_with_alpha_lie_on_white(mode: str) -> None:
    black, alpha = Image.new("L", (2, 1)), Image.fromarray(np.array([[0, 255]], dtype=np.uint8))
    if mode == "PA":
        image = Image.merge("PA", [black.convert("P"), alpha])
    elif mode == "RGBa":
        image = Image.merge("RGBA", [black, black, black, alpha]).convert("RGBa")
    else:
        image = Image.merge("LA", [black, alpha]).convert(mode)
    assert image.mode == mode
    assert only(image).gray[0].tolist() == [255, 0]


@pytest.mark.parametrize(("kind", "transparency"), [("PNG", 1), ("PNG", b"\xff\x00\xff"), ("GIF", 1)])
def test_transparent_palette_entries_are_white(kind: str, transparency: int | bytes) -> None:
    image = Image.new("P", (3, 1))
    image.putpalette([*BLACK, *RED, *BLUE])
    for x in range(3):
        image.putpixel((x, 0), x)
    page = only(encode(image, kind, transparency=transparency))
    assert [tuple(pixel) for pixel in page.rgb[0]] == [BLACK, WHITE, BLUE]


@pytest.mark.parametrize("depth", [1, 2, 4, 8, 16])
def test_transparent_grey_is_white_at_every_depth(depth: int) -> None:
    rows = np.array([[0b00011011] * 4], dtype=np.uint8)  # 2 bits: 0, 1, 2, 3
    transparent = 0 if depth < 16 else 0x1B1B
    page = only(make_png(rows, depth=depth, colour=0, trns=struct.pack(">H", transparent)))
    opaque = only(make_png(rows, depth=depth, colour=0))
    expected = np.where(opaque.gray == (0 if depth < 16 else 0x1B), 255, opaque.gray)
    np.testing.assert_array_equal(page.gray, expected)
    if depth == 2:
        nearly_white = only(make_png(rows, depth=2, colour=0, trns=struct.pack(">H", 1)))
        assert nearly_white.gray[0, :4].tolist() == [0, 255, 170, 255]


@pytest.mark.parametrize(("depth", "scale"), [(8, 1), (16, 257)])
def test_transparent_colour_is_white(depth: int, scale: int) -> None:
    pixels = np.array([[10, 20, 30, 200, 100, 50]]) * scale
    rows = pixels.astype(">u2").view(np.uint8) if depth == 16 else pixels.astype(np.uint8)
    key = struct.pack(">HHH", 10 * scale, 20 * scale, 30 * scale)
    page = only(make_png(rows, depth=depth, colour=2, trns=key, size=(2, 1)))
    assert [tuple(pixel) for pixel in page.rgb[0]] == [WHITE, (200, 100, 50)]


# Depth and colour space


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_16_bit_files_are_scaled_not_clipped(kind: str) -> None:
    values = np.array([[0, 257, 32768, 65535]], dtype=np.uint16)
    assert only(encode(Image.fromarray(values), kind)).gray[0].tolist() == [0, 1, 128, 255]


def test_big_endian_16_bit_tiff() -> None:
    image = Image.frombytes("I;16B", (3, 1), np.array([0, 32768, 65535], dtype=">u2").tobytes())
    assert only(encode(image, "TIFF")).gray[0].tolist() == [0, 128, 255]


def test_12_bit_tiff_keeps_its_scale() -> None:
    packed = bytes([0x00, 0x08, 0x00, 0xFF, 0xF0, 0x00])  # 0, 2048, 4095, 0: two values in three bytes
    entries = [(256, 4), (257, 1), (258, 12), (259, 1), (262, 1), (273, 98), (277, 1), (278, 1), (279, 6)]
    directory = b"".join(struct.pack("<HHIHH", tag, 3, 1, value, 0) for tag, value in entries)
    header = struct.pack("<2sHIH", b"II", 42, 8, len(entries)) + directory
    data = (header + b"\0" * 4).ljust(98 if len(header) + 4 <= 98 else 0, b"\0")
    at = len(data)
    data = data.replace(struct.pack("<HHIHH", 273, 3, 1, 98, 0), struct.pack("<HHIHH", 273, 3, 1, at, 0))
    assert only(data + packed).gray[0].tolist() == [0, 128, 255, 0]


@pytest.mark.parametrize(
    ("mode", "values", "expected"),
    [
        ("I", [0, 128, 255], [0, 128, 255]),
        ("I", [0, 1, 1], [0, 255, 255]),
        ("I", [0, 32768, 65535], [0, 128, 255]),
        ("I", [-100, 0, 104], [0, 125, 255]),
        ("I", [0, 50_000, 100_000], [0, 128, 255]),
        ("I", [-7, -7, -7], [0, 0, 0]),
        ("F", [0.0, 0.5, 1.0], [0, 128, 255]),
        ("F", [0.0, 127.6, 255.0], [0, 128, 255]),
        ("F", [-2e38, 0.0, 3e38], [0, 102, 255]),
    ],
)
def test_modes_without_a_scale_follow_the_documented_rule(
    mode: str, values: list[float], expected: list[int]
) -> None:
    array = np.array([values], dtype=np.int32 if mode == "I" else np.float32)
    image = Image.fromarray(array)
    assert image.mode == mode
    assert only(image).gray[0].tolist() == expected
    assert only(encode(image, "TIFF")).gray[0].tolist() == expected


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_float_picture_with_nan_is_refused(value: float) -> None:
    with pytest.raises(ImageCorruptError, match="NaN"):
        load_pages(Image.fromarray(np.array([[0, value]], dtype=np.float32)))


def test_bilevel_is_black_and_white() -> None:
    image = Image.new("1", (9, 2), 1)
    image.putpixel((0, 0), 0)
    for kind in ("PNG", "TIFF", "BMP"):
        assert np.unique(only(encode(image, kind)).rgb).tolist() == [0, 255]


@pytest.mark.parametrize("kind", ["JPEG", "TIFF"])
def test_cmyk(kind: str) -> None:
    page = only(encode(make_picture().convert("CMYK"), kind))
    assert np.abs(page.rgb[::15, ::23].astype(int) - np.asarray(make_picture())[::15, ::23]).max() < 12


def test_ycbcr_and_lab_tiff() -> None:
    picture = Image.new("RGB", (4, 4), (200, 60, 30))
    lab = ImageCms.profileToProfile(
        picture, ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), outputMode="LAB"
    )
    assert lab is not None
    for image in (picture.convert("YCbCr"), lab):
        for source in (image, encode(image, "TIFF", compression="tiff_lzw")):
            assert np.abs(only(source).rgb.astype(int) - (200, 60, 30)).max() < 5


def test_palette_picture() -> None:
    palette = make_picture().convert("P", palette=Image.Palette.ADAPTIVE)
    np.testing.assert_array_equal(only(encode(palette, "BMP")).rgb, np.asarray(make_picture()))


def test_gray_is_601_luma_and_keeps_grey_values() -> None:
    page = only(np.array([[RED, GREEN, BLUE]], dtype=np.uint8))
    assert page.gray[0].tolist() == [76, 150, 29]
    ramp = np.arange(256, dtype=np.uint8)[None]
    np.testing.assert_array_equal(only(ramp).gray, ramp)
    assert page.gray is page.gray


# Arrays and Pillow images


@pytest.mark.parametrize(
    ("array", "expected"),
    [
        (np.array([[False, True]]), [0, 255]),
        (np.array([[0, 7]], dtype=np.uint8), [0, 7]),
        (np.array([[0, 32768, 65535]], dtype=np.uint16), [0, 128, 255]),
        (np.array([[0, 65535]], dtype=">u2"), [0, 255]),
        (np.array([[0.0, 0.5, 1.0]], dtype=np.float16), [0, 128, 255]),
        (np.array([[0.0, 0.5, 1.0]], dtype=np.float32), [0, 128, 255]),
        (np.array([[0.0, 0.5, 1.0]]), [0, 128, 255]),
        (np.array([[[0], [9]]], dtype=np.uint8), [0, 9]),
        (np.array([[[0, 0, 0], [9, 9, 9]]], dtype=np.uint8), [0, 9]),
        (np.array([[[0, 0, 0, 0], [9, 9, 9, 255]]], dtype=np.uint8), [255, 9]),
        (np.array([[[0.0, 0, 0, 0], [0, 0, 0, 1.0]]]), [255, 0]),
        (np.arange(6, dtype=np.uint8).reshape(2, 3)[::-1, ::-2], [5, 3]),
    ],
)
def test_arrays(array: npt.NDArray[Any], expected: list[int]) -> None:
    page = only(array)
    assert page.gray[0].tolist() == expected
    assert page.source == ""


@pytest.mark.parametrize(
    "array",
    [
        np.zeros((0, 5), np.uint8),
        np.zeros((5, 0, 3), np.uint8),
        np.zeros((5, 5, 0), np.uint8),
        np.zeros(5, np.uint8),
        np.zeros((5, 5, 2), np.uint8),
        np.zeros((1, 5, 5, 3), np.uint8),
        np.array(3, np.uint8),
        np.zeros((5, 5), np.int64),
        np.zeros((5, 5), np.complex64),
        np.zeros((5, 5), object),
        np.full((5, 5), np.nan),
        np.full((5, 5), np.inf),
        np.full((5, 5), 1.01),
        np.full((5, 5), -0.01),
    ],
)
def test_unusable_arrays_are_refused(array: npt.NDArray[Any]) -> None:
    with pytest.raises(ImageFormatError) as caught:
        load_pages(array)
    assert caught.value.remedy


def test_pages_share_no_memory_with_their_source() -> None:
    array = np.zeros((4, 4, 3), np.uint8)
    page = only(array)
    array[:] = 9
    assert page.rgb.max() == 0
    assert not page.rgb.flags.writeable
    assert not page.gray.flags.writeable


def test_pillow_image_is_turned_and_left_unchanged() -> None:
    image = make_picture()
    image.getexif()[ORIENTATION] = 6
    page = only(image)
    assert page.size == (24, 16)
    assert image.size == (24, 16)
    assert image.getexif()[ORIENTATION] == 6
    assert page.source == ""


def test_unusable_pillow_images_are_refused() -> None:
    with pytest.raises(ImageFormatError, match="no pixels"):
        load_pages(Image.new("RGB", (0, 5)))
    with (
        Image.open(io.BytesIO(encode(make_noise(), "PNG")[:500])) as truncated,
        pytest.raises(ImageCorruptError),
    ):
        load_pages(truncated)
    with pytest.raises(ImageTooLargeError):
        only(make_picture(), max_pixels=10)


@pytest.mark.parametrize("source", [None, 3, [[0, 1]], io.BytesIO()])
def test_other_types_are_refused(source: object) -> None:
    with pytest.raises(ImageFormatError, match=type(source).__name__):
        load_pages(cast("Source", source))


# Faults


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "TIFF", "BMP", "GIF"])
@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_truncated_pictures_are_corrupt(kind: str, share: float) -> None:
    data = encode(make_noise(), kind)
    with pytest.raises(ImageCorruptError, match="truncated") as caught:
        load_pages(data[: int(len(data) * share)])
    assert caught.value.remedy


@pytest.mark.parametrize("share", [0.05, 0.3, 0.6, 0.9])
def test_truncated_pdf_is_corrupt(share: float) -> None:
    data = make_pdf((30, 20), (20, 30))
    with pytest.raises(ImageCorruptError, match="PDF"):
        load_pages(data[: int(len(data) * share)])


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "TIFF", "BMP", "GIF", "PDF"])
def test_damaged_bytes_give_pages_or_an_image_error(kind: str) -> None:
    chance = random.Random(kind)
    whole = make_pdf((9, 9)) if kind == "PDF" else encode(make_picture(12, 9), kind)
    for _ in range(60):
        data = bytearray(whole)
        for _ in range(chance.choice((1, 2, 8))):
            data[chance.randrange(len(data))] = chance.randrange(256)
        with contextlib.suppress(ImageError):
            assert load_pages(bytes(data), limits=Limits(max_pixels=10**6))


@pytest.mark.parametrize("data", [b"", bytearray()])
def test_empty_bytes_are_corrupt(data: bytes) -> None:
    with pytest.raises(ImageCorruptError, match="empty"):
        load_pages(data)


@pytest.mark.parametrize(
    "data", [b"a", b"not a picture at all", b"BMW is a maker of cars, founded 1916", b"\0" * 500, b"\x89PN"]
)
def test_no_picture_lists_the_supported_kinds(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "text.png"
    path.write_bytes(data)
    with pytest.raises(ImageFormatError, match="PNG, JPEG, WebP, TIFF, BMP, GIF, PDF"):
        load_pages(path)


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "HEIC"),
        (b"\0\0\0\x1cftypavif\0\0\0\0", "AVIF"),
        (b'<?xml version="1.0"?>\n<!-- a -->\n<svg xmlns="http://www.w3.org/2000/svg"/>', "SVG"),
    ],
)
def test_known_but_unsupported_kinds_have_a_remedy(data: bytes, kind: str) -> None:
    with pytest.raises(ImageFormatError, match=kind) as caught:
        load_pages(data)
    assert "PNG" in caught.value.remedy


def test_missing_folder_and_odd_paths(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x")
    for path in (tmp_path / "none.png", tmp_path / "file" / "x.png", "a\0b", "\ud800", tmp_path, ""):
        with pytest.raises(ImageNotFoundError) as caught:
            load_pages(path)
        assert caught.value.remedy
        str(caught.value).encode()
    with pytest.raises(ImageError):
        load_pages("a" * 5000)


def test_file_named_like_standard_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "stdin", None)
    Path("./-").write_bytes(encode(make_picture(), "PNG"))
    for source in (Path("./-"), "./-"):
        assert only(source).size == (16, 24)


def test_no_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(b"x")

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)  # chmod stops no root user
    with pytest.raises(ImageError, match="permission"):
        load_pages(path)


def test_messages_show_odd_names_safely() -> None:
    with pytest.raises(ImageNotFoundError) as caught:
        load_pages("a\x1b[31m\n\u202e" + "b/" * 1500 + ".png")
    message = str(caught.value)
    assert r"a\x1b[31m\n\u202e" in message
    assert message.isprintable()
    assert len(message) < 400


# Limits


def test_bytes_are_limited_before_reading(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "sparse.png"
    with path.open("wb") as file:
        file.truncate(2**40)
    with pytest.raises(ImageTooLargeError, match="64 MiB"):
        load_pages(path)
    with pytest.raises(ImageTooLargeError):
        only(b"x" * 11, max_bytes=10)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"x" * 11)))
    with pytest.raises(ImageTooLargeError):
        only("-", max_bytes=10)


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="needs a Unix device")
def test_endless_device_is_limited() -> None:
    with pytest.raises(ImageTooLargeError):
        only("/dev/zero", max_bytes=1000)


def bomb(kind: str, side: int) -> bytes:
    """A tiny file whose header claims side x side pixels."""
    small = encode(make_picture(), kind)
    if kind == "PNG":
        return make_png(np.zeros((1, 1), np.uint8), depth=8, colour=0, size=(side, side))
    if kind == "JPEG":
        at = small.index(b"\xff\xc0") + 5
        return small[:at] + struct.pack(">HH", side, side) + small[at + 4 :]
    if kind == "BMP":
        return small[:18] + struct.pack("<ii", side, side) + small[26:]
    if kind == "GIF":  # the frame, not the screen, claims the size
        at = small.index(b",\0\0\0\0") + 5
        return small[:at] + struct.pack("<HH", side, side) + small[at + 4 :]
    if kind == "WEBP":
        bits = (side - 1 & 0x3FFF) | (side - 1 & 0x3FFF) << 14
        return small[:21] + struct.pack("<I", bits | 1 << 28) + small[25:]
    directory = struct.unpack("<I", small[4:8])[0]
    for entry in range(directory + 2, directory + 26, 12):
        if struct.unpack_from("<H", small, entry)[0] in (256, 257):
            small = small[: entry + 2] + struct.pack("<HII", 4, 1, side) + small[entry + 12 :]
    return small


@pytest.mark.parametrize(
    ("kind", "side"),
    [
        (kind, side)
        for kind in SUFFIXES
        for side in (10_500, 16_000, 60_000)
        if (kind, side) != ("WEBP", 60_000)
    ],
)  # WebP's own limit is 16383
def test_bombs_are_refused_without_warnings(kind: str, side: int) -> None:
    with pytest.raises(ImageTooLargeError, match=r"large|pixels") as caught:
        load_pages(bomb(kind, side))
    assert caught.value.remedy


def test_many_threads_meet_bombs_and_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 300)  # so 384 pixels would warn, and warnings are errors
    pdf, pictures = (
        make_pdf((9, 9)),
        [encode(make_picture(), kind) for kind in ("PNG", "JPEG", "WEBP", "BMP")],
    )
    bombs = [bomb(kind, 16_000) for kind in ("PNG", "JPEG", "TIFF", "GIF")]
    clamped = [encode(make_picture(), kind) for kind in ("TIFF", "GIF")]
    before = list(warnings.filters)

    def load(data: bytes) -> str:
        try:
            return str(load_pages(data)[0].size)
        except ImageTooLargeError:
            return "too large"

    with ThreadPoolExecutor(8) as threads:
        results = list(threads.map(load, [pdf, *pictures, *bombs, *clamped] * 20))
    assert results == (["(25, 25)"] + ["(16, 24)"] * 4 + ["too large"] * 6) * 20
    assert warnings.filters == before
    assert Image.MAX_IMAGE_PIXELS == 300
    assert not ImageFile.LOAD_TRUNCATED_IMAGES


def test_page_limits() -> None:
    frames = [Image.new("1", (10, 10))] * 4
    tiff = encode(frames[0], "TIFF", save_all=True, append_images=frames[1:])
    pdf = make_pdf(*[(9, 9)] * 4)  # 25 x 25 pixels each
    for data, pixels in ((tiff, 100), (pdf, 625)):
        assert len(load_pages(data, limits=Limits(max_pages=4, max_total_pixels=4 * pixels))) == 4
        with pytest.raises(ImageTooLargeError, match="pages"):
            load_pages(data, limits=Limits(max_pages=3))
        with pytest.raises(ImageTooLargeError, match="together"):
            load_pages(data, limits=Limits(max_total_pixels=4 * pixels - 1))


def test_running_out_of_memory_is_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise MemoryError

    monkeypatch.setattr(PngImagePlugin.PngImageFile, "load", fail)
    with pytest.raises(ImageTooLargeError):
        load_pages(encode(make_picture(), "PNG"))


# Standard input and lists of paths


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(encode(make_picture(), "PNG"))))
    page = only("-")
    assert page.size == (16, 24)
    assert page.source == "-"
    with pytest.raises(ImageCorruptError, match="Standard input is empty"):
        load_pages("-")
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(ImageError, match="standard input"):
        load_pages("-")


def make_files(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()


def test_folders_give_pictures_in_natural_order(tmp_path: Path) -> None:
    make_files(tmp_path, "10.png", "9.JPG", "b/2.tif", "b/1.pdf", "notes.txt", ".hidden.png", ".git/x.png")
    found = [Path(path).relative_to(tmp_path).as_posix() for path in expand_paths([str(tmp_path)])]
    assert found == ["9.JPG", "10.png", "b/1.pdf", "b/2.tif"]


def test_patterns_files_and_duplicates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_files(tmp_path, "a2.dat", "a10.dat", "a[1].png", "sub/a1.dat")
    monkeypatch.chdir(tmp_path)
    assert expand_paths(["-", "a*.dat", "./a2.dat", "-"]) == ["-", "a2.dat", "a10.dat"]
    assert expand_paths(["a[1].png"]) == ["a[1].png"]
    assert expand_paths([str(tmp_path / "**" / "*.dat")]) == [
        str(tmp_path / name) for name in ("a2.dat", "a10.dat", "sub/a1.dat")
    ]
    assert expand_paths(["a10.dat", "a2.dat"]) == ["a10.dat", "a2.dat"]
    assert expand_paths([]) == []


@pytest.mark.parametrize("pattern", ["none.png", "*.png", "", "a\0b", "empty", "[", "x\x1b*"])
def test_nothing_found(pattern: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_files(tmp_path, "empty/notes.txt")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ImageNotFoundError) as caught:
        expand_paths([pattern])
    assert caught.value.remedy
    assert str(caught.value).isprintable()


def test_folder_that_cannot_be_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(top: str, onerror: Callable[[OSError], None]) -> list[Any]:
        onerror(PermissionError(13, "Permission denied"))
        return []

    monkeypatch.setattr(os, "walk", refuse)
    with pytest.raises(ImageError, match="permission"):
        expand_paths([str(tmp_path)])


def test_import_is_cheap() -> None:
    heavy = "{'pypdfium2', 'cv2', 'torch', 'PIL.TiffImagePlugin', 'PIL.ImageCms'}"
    code = f"import sys, inkdigits.images; print({heavy} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


@pytest.mark.parametrize("as_file", [False, True])
def test_a_grey_picture_keeps_its_values_in_all_channels(*, as_file: bool) -> None:
    gray = np.arange(12, dtype=np.uint8).reshape(3, 4) * 20
    stream = io.BytesIO()
    Image.fromarray(gray).save(stream, "PNG")
    given = gray.copy()
    (page,) = load_pages(stream.getvalue() if as_file else given)
    given[:] = 0  # what was loaded is not the caller's any more
    np.testing.assert_array_equal(page.gray, gray)
    np.testing.assert_array_equal(page.rgb, np.stack([gray] * 3, axis=2))
    np.testing.assert_array_equal(np.asarray(Image.fromarray(page.rgb)), page.rgb)
    assert not page.rgb.flags.writeable
    assert not page.gray.flags.writeable
