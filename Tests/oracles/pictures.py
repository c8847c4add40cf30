"""Makes Tests/oracles/pictures.json: small pictures of every kind that is read, and the SHA-256 of their pixels as Pillow gives
them upright, as 8-bit RGB, on white. 16-bit values, which Pillow cuts, are scaled by numpy: round(value / 257). Needs Pillow, numpy, libturbojpeg.

    python Tests/oracles/pictures.py > Tests/oracles/pictures.json
"""
import base64, ctypes, ctypes.util, hashlib, io, json, struct, sys, zlib
import numpy as np
import PIL
from PIL import Image, ImageOps

W, H = 11, 7
y, x = np.mgrid[0:H, 0:W]
rgb = np.stack([x * 23, y * 36, 128 + 100 * np.sin(x / 2) * np.cos(y / 3)], 2).astype(np.uint8)
alpha = ((x * 29 + y * 17) % 256).astype(np.uint8)
found = []


def emit(name, data, pixels=None):
    """pixels: [h, w, 3] where Pillow's are not the ones wanted."""
    if pixels is None:
        image = ImageOps.exif_transpose(Image.open(io.BytesIO(data)))
        image = image.convert("RGB") if image.mode == "CMYK" else image.convert("RGBA")
        if image.mode == "RGBA":
            ground = Image.new("RGB", image.size, "white")
            ground.paste(image, mask=image.getchannel("A"))
            image = ground
        pixels = np.asarray(image)
    found.append((name, base64.b64encode(data).decode(), pixels.shape, hashlib.sha256(pixels.astype(np.uint8).tobytes()).hexdigest()))


def chunk(kind, content):
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def rows(samples, depth):
    """Filtered scan lines of samples [h, w, channels]."""
    out = b""
    for line in samples:
        values = line.reshape(-1)
        if depth == 16:
            packed = values.astype(">u2").tobytes()
        elif depth == 8:
            packed = values.astype(np.uint8).tobytes()
        else:
            bits = "".join(format(int(v), f"0{depth}b") for v in values)
            packed = bytes(int(bits[i : i + 8].ljust(8, "0"), 2) for i in range(0, len(bits), 8))
        out += b"\0" + packed
    return out


def png(samples, kind, depth, before=b"", after=b"", interlaced=False):
    samples = samples.reshape(samples.shape[0], samples.shape[1], -1)
    h, w = samples.shape[:2]
    data = b""
    if interlaced:
        for x0, y0, dx, dy in [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]:
            part = samples[y0::dy, x0::dx]
            if part.size:
                data += rows(part, depth)
    else:
        data = rows(samples, depth)
    header = struct.pack(">IIBBBBB", w, h, depth, kind, 0, 0, int(interlaced))
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + before + chunk(b"IDAT", zlib.compress(data)) + after + chunk(b"IEND", b"")
    )


def saved(image, format, **options):
    out = io.BytesIO()
    image.save(out, format, **options)
    return out.getvalue()


def on_white(colour, opacity):
    colour, opacity = colour.astype(np.int64), opacity.astype(np.int64)[..., None]
    t = colour * opacity + 255 * (255 - opacity) + 128
    return (t + (t >> 8)) >> 8


def scaled(values):
    return np.rint(values / 257).astype(np.int64)


# PNG: every kind and depth, plain and interlaced.
for interlaced in (False, True):
    suffix = " interlaced" if interlaced else ""
    for depth in (1, 2, 4, 8):
        emit(f"png grey {depth} bits{suffix}", png((x + 3 * y) % 2**depth, 0, depth, interlaced=interlaced))
        entries = min(2**depth, 77)
        palette = chunk(b"PLTE", bytes((i * 37 + 11 * c) % 256 for i in range(entries) for c in range(3)))
        emit(f"png palette {depth} bits{suffix}", png((x + 3 * y) % entries, 3, depth, palette, interlaced=interlaced))
        trns = chunk(b"tRNS", bytes((i * 53) % 256 for i in range(entries)))
        emit(f"png palette {depth} bits tRNS{suffix}", png((x + 3 * y) % entries, 3, depth, palette + trns, interlaced=interlaced))
    emit(f"png rgb{suffix}", png(rgb, 2, 8, interlaced=interlaced))
    emit(f"png rgba{suffix}", png(np.dstack([rgb, alpha]), 6, 8, interlaced=interlaced))
    emit(f"png grey alpha{suffix}", png(np.dstack([rgb[..., 2], alpha]), 4, 8, interlaced=interlaced))
    deep = (rgb.astype(np.int64) * 257 + np.array([0, 100, -60]) * (rgb > 0) * (rgb < 255)).clip(0, 65535)
    deep_alpha = alpha.astype(np.int64) * 257
    emit(f"png rgb 16 bits{suffix}", png(deep, 2, 16, interlaced=interlaced), scaled(deep))
    grey = np.repeat(scaled(deep[..., 2])[..., None], 3, 2)
    emit(f"png grey 16 bits{suffix}", png(deep[..., 2], 0, 16, interlaced=interlaced), grey)
    emit(f"png rgba 16 bits{suffix}", png(np.dstack([deep, deep_alpha]), 6, 16, interlaced=interlaced), on_white(scaled(deep), alpha))
    emit(f"png grey alpha 16 bits{suffix}", png(np.dstack([deep[..., 2], deep_alpha]), 4, 16, interlaced=interlaced), on_white(grey, alpha))

every = np.arange(0, 65536, 97)
emit("png every 97th of 16 bits", png(every[None], 0, 16), np.repeat(scaled(every)[None, :, None], 3, 2))
emit("png rgb tRNS", png(rgb, 2, 8, chunk(b"tRNS", struct.pack(">HHH", *map(int, rgb[2, 3])))))
emit("png grey tRNS", png(rgb[..., 2], 0, 8, chunk(b"tRNS", struct.pack(">H", int(rgb[2, 3, 2])))))
key = deep[..., 2] == deep[2, 3, 2]
emit("png grey 16 bits tRNS", png(deep[..., 2], 0, 16, chunk(b"tRNS", struct.pack(">H", int(deep[2, 3, 2])))), np.where(key[..., None], 255, grey))

# What says how values are to look changes none.
profile = chunk(b"iCCP", b"wide\0\0" + zlib.compress(b"\0" * 200))
for name, before in {
    "gAMA 1.0": chunk(b"gAMA", struct.pack(">I", 100000)), "gAMA 0.45": chunk(b"gAMA", struct.pack(">I", 45455)),
    "sRGB": chunk(b"sRGB", b"\0"), "sBIT": chunk(b"sBIT", b"\5\6\5"), "bKGD": chunk(b"bKGD", struct.pack(">HHH", 9, 99, 199)),
    "gAMA cHRM": chunk(b"gAMA", struct.pack(">I", 55555)) + chunk(b"cHRM", struct.pack(">8I", 31270, 32900, 70800, 29200, 17000, 79700, 13100, 4600)),
    "iCCP": profile,
}.items():
    emit(f"png {name}", png(rgb, 2, 8, before), rgb)
    emit(f"png 16 bits {name}", png(deep, 2, 16, before), scaled(deep))
    emit(f"png rgba {name}", png(np.dstack([rgb, alpha]), 6, 8, before), on_white(rgb, alpha))

# Orientations.
for orientation in range(1, 9):
    exif = Image.Exif()
    exif[0x0112] = orientation
    emit(f"jpeg orientation {orientation}", saved(Image.fromarray(rgb), "JPEG", exif=exif, quality=90))
    emit(f"png orientation {orientation}", saved(Image.fromarray(rgb), "PNG", exif=exif))
    emit(f"webp orientation {orientation}", saved(Image.fromarray(rgb), "WEBP", exif=exif, lossless=True))
big = b"MM\0*\0\0\0\x08\0\x02\x01\0\0\4\0\0\0\1\0\0\0\5\x01\x12\0\3\0\0\0\1\0\6\0\0\0\0\0\0"
emit("png orientation 6 big-endian, behind the pixels", png(rgb, 2, 8, after=chunk(b"eXIf", big)))

# JPEG: other colours and samplings.
grey_image = Image.fromarray(rgb[..., 2])
emit("jpeg grey", saved(grey_image, "JPEG"))
for sampling in range(3):
    emit(f"jpeg sampling {sampling}", saved(Image.fromarray(rgb), "JPEG", subsampling=sampling))
emit("jpeg progressive", saved(Image.fromarray(rgb), "JPEG", progressive=True))
emit("jpeg rgb", saved(Image.fromarray(rgb), "JPEG", keep_rgb=True))
inks = np.dstack([255 - rgb, alpha])
cmyk = saved(Image.frombytes("CMYK", (W, H), inks.tobytes()), "JPEG", quality=95)
emit("jpeg cmyk", cmyk)
at = cmyk.find(b"\xff\xee")
assert cmyk[at + 4 : at + 9] == b"Adobe"
emit("jpeg cmyk without Adobe's marker", cmyk[:at] + cmyk[at + 2 + struct.unpack(">H", cmyk[at + 2 : at + 4])[0] :])
turbo = ctypes.CDLL(ctypes.util.find_library("turbojpeg"))
turbo.tjInitCompress.restype = ctypes.c_void_p
buffer, size = ctypes.c_void_p(), ctypes.c_ulong()
inverted = 255 - inks
CMYK, S444, S420 = 11, 0, 2
for name, sampling in (("444", S444), ("420", S420)):
    status = turbo.tjCompress2(
        ctypes.c_void_p(turbo.tjInitCompress()), inverted.tobytes(), W, 0, H, CMYK, ctypes.byref(buffer), ctypes.byref(size), sampling, 95, 0)
    assert status == 0
    emit(f"jpeg ycck {name}", ctypes.string_at(buffer, size.value))
    buffer, size = ctypes.c_void_p(), ctypes.c_ulong()

# WebP.
rgba_image = Image.fromarray(np.dstack([rgb, alpha]))
emit("webp lossy", saved(Image.fromarray(rgb), "WEBP", quality=80))
emit("webp lossless", saved(Image.fromarray(rgb), "WEBP", lossless=True))
emit("webp lossless alpha", saved(rgba_image, "WEBP", lossless=True, exact=True))
emit("webp lossy alpha", saved(rgba_image, "WEBP", quality=80))
emit("webp animated", saved(Image.fromarray(rgb), "WEBP", save_all=True, append_images=[Image.fromarray(255 - rgb)], lossless=True))
emit("apng", saved(Image.fromarray(rgb), "PNG", save_all=True, append_images=[Image.fromarray(255 - rgb)]))

lines = [json.dumps({"name": n, "width": s[1], "height": s[0], "sha256": d, "base64": b}) for n, b, s, d in found]
print("[\n" + ",\n".join(lines) + "\n]")
print(len(found), "pictures, Pillow", PIL.__version__, file=sys.stderr)
