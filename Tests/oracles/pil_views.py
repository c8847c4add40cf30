"""Prints the literals of Tests/DatasetsTests/ViewOracles.swift: what PIL, driven as torchvision drives it, makes of given views.

    python3 Tests/oracles/pil_views.py > Tests/DatasetsTests/ViewOracles.swift        (Pillow and numpy; written with Pillow 13.0.0)
"""
import hashlib

import numpy as np
from PIL import Image, ImageEnhance


def image(height, width, channels):
    """The test picture: smooth in each channel, with edges."""
    y, x, c = np.meshgrid(np.arange(height), np.arange(width), np.arange(channels), indexing="ij")
    return ((x * x * (3 + c) + y * 29 + x * y * (5 - c) + 90 * c + 60 * ((x // 3 + y // 2) % 2)) % 256).astype(np.uint8)


def to_pil(array):
    return Image.fromarray(array[:, :, 0], "L") if array.shape[2] == 1 else Image.fromarray(array, "RGB")


def turn_hue(picture, steps):
    if picture.mode == "L":
        return picture
    h, s, v = picture.convert("HSV").split()
    h = Image.fromarray(np.array(h, dtype=np.uint8) + np.uint8(steps), "L")
    return Image.merge("HSV", (h, s, v)).convert("RGB")


def view(recipe):
    top, left, height, width = recipe["crop"]
    picture = to_pil(image(*recipe["image"])).crop((left, top, left + width, top + height))
    picture = picture.resize((recipe["size"], recipe["size"]), Image.BILINEAR)
    if recipe["rotation"] is not None:
        picture = picture.rotate(recipe["rotation"], Image.NEAREST, False, None, fillcolor=0)
    for operation in recipe["order"]:
        if operation == "brightness":
            picture = ImageEnhance.Brightness(picture).enhance(recipe["brightness"])
        elif operation == "contrast":
            picture = ImageEnhance.Contrast(picture).enhance(recipe["contrast"])
        elif operation == "saturation" and picture.mode == "RGB":
            picture = ImageEnhance.Color(picture).enhance(recipe["saturation"])
        elif operation == "hue" and recipe["hue"] is not None:
            picture = turn_hue(picture, recipe["hue"])
    if recipe["grey"] and picture.mode == "RGB":
        picture = Image.merge("RGB", [picture.convert("L")] * 3)
    if recipe["flip"]:
        picture = picture.transpose(Image.FLIP_LEFT_RIGHT)
    return np.array(picture).tobytes()


OPERATIONS = ["brightness", "contrast", "saturation", "hue"]
DEFAULT = dict(image=(12, 14, 3), size=8, rotation=None, order=OPERATIONS, brightness=1.0, contrast=1.0, saturation=1.0, hue=None, grey=False, flip=False)
RECIPES = [
    dict(crop=(0, 0, 12, 14)),
    dict(crop=(3, 2, 5, 4)),
    dict(crop=(11, 13, 1, 1)),
    dict(crop=(0, 0, 8, 8), flip=True),
    dict(crop=(1, 1, 9, 11), brightness=1.375),
    dict(crop=(1, 1, 9, 11), brightness=0.625, contrast=1.3125),
    dict(crop=(2, 1, 7, 9), contrast=0.65625, order=["hue", "contrast", "brightness", "saturation"], hue=37),
    dict(crop=(0, 4, 10, 8), saturation=1.40625, hue=200, order=["saturation", "hue", "contrast", "brightness"], contrast=0.75),
    dict(crop=(0, 4, 10, 8), saturation=0.59375, hue=101, brightness=1.25, contrast=1.25, order=["contrast", "brightness", "hue", "saturation"], grey=True),
    dict(crop=(1, 2, 9, 9), image=(12, 14, 1), rotation=17.5, brightness=1.375, contrast=0.6875, saturation=1.25, hue=77, grey=True),
    dict(crop=(0, 0, 12, 12), image=(12, 14, 1), size=7, rotation=-24.25, flip=True, contrast=1.3125),
    dict(crop=(2, 3, 8, 8), rotation=90.0, size=8),
    dict(crop=(0, 0, 40, 37), image=(40, 37, 3), size=9, hue=255),
    dict(crop=(1, 0, 20, 33), image=(24, 33, 3), size=20, saturation=0.71875, hue=128, contrast=1.15625, brightness=0.8125),
]


def swift(value):
    return "nil" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def main():
    print("// Written by Tests/oracles/pil_views.py. Do not edit.")
    print("import Datasets\n")
    print("enum ViewOracles {")
    print("  /// (image height, width, channels; size; recipe; PIL's bytes in hexadecimal)")
    print("  static let views: [(image: (Int, Int, Int), size: Int, recipe: ViewRecipe, bytes: String)] = [")
    for recipe in ({**DEFAULT, **given} for given in RECIPES):
        top, left, height, width = recipe["crop"]
        order = ", ".join("." + name for name in recipe["order"])
        print("    (")
        print(f"      {recipe['image']}, {recipe['size']},")
        print("      ViewRecipe(")
        print(f"        top: {top}, left: {left}, height: {height}, width: {width}, rotation: {swift(recipe['rotation'])}, order: ({order}),")
        print(
            f"        brightness: {recipe['brightness']}, contrast: {recipe['contrast']}, saturation: {recipe['saturation']}, "
            f"hueSteps: {swift(recipe['hue'])}, grey: {swift(recipe['grey'])},"
        )
        print(f"        flip: {swift(recipe['flip'])}),")
        text = view(recipe).hex()
        lines = [text[i : i + 120] for i in range(0, len(text), 120)]
        print('      "' + '"\n        + "'.join(lines) + '"')
        print("    ),")
    print("  ]\n")
    print("  /// SHA-256 of PIL's bytes for all 2^24 colours, red slowest, blue fastest.")
    colours = np.stack(np.meshgrid(*[np.arange(256)] * 3, indexing="ij"), -1).astype(np.uint8).reshape(4096, 4096, 3)
    picture = Image.fromarray(colours, "RGB")
    for name, result in [
        ("hueBy0", turn_hue(picture, 0)),
        ("hueBy37", turn_hue(picture, 37)),
        ("hueBy201", turn_hue(picture, 201)),
        ("saturationBy1_3125", ImageEnhance.Color(picture).enhance(1.3125)),
        ("saturationBy0_65625", ImageEnhance.Color(picture).enhance(0.65625)),
        ("grey", Image.merge("RGB", [picture.convert("L")] * 3)),
    ]:
        print(f'  static let {name} = "{hashlib.sha256(np.array(result).tobytes()).hexdigest()}"')
    print("}")


if __name__ == "__main__":
    main()
