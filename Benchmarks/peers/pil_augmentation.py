#!/usr/bin/env python3
"""Peer measurement: the paper's augmentation by PIL, driven as torchvision drives it, on one core.

The work, identical to that of `benchmarks augmentation`: RandomResizedCrop (scale 0.2 to 1, ratio 3/4 to 4/3, bilinear), ColorJitter
(0.4, 0.4, 0.4, 0.4; the four operations in random order), RandomGrayscale (p 0.2), RandomHorizontalFlip (p 0.5), from and to uint8 arrays.
torchvision itself does this and a little bookkeeping more; it is not needed.

Usage: python3 pil_augmentation.py [--size 32] [--images 2000] [--repetitions 7]
Prints one JSON line: the median of views per second. Needs Pillow and numpy.
"""
import argparse
import json
import math
import random
import statistics
import time

import numpy as np
import PIL
from PIL import Image, ImageEnhance


def random_resized_crop(picture, size):
    width, height = picture.size
    area = width * height
    for _ in range(10):
        target = area * random.uniform(0.2, 1.0)
        ratio = math.exp(random.uniform(math.log(3 / 4), math.log(4 / 3)))
        w, h = round(math.sqrt(target * ratio)), round(math.sqrt(target / ratio))
        if 0 < w <= width and 0 < h <= height:
            top, left = random.randint(0, height - h), random.randint(0, width - w)
            break
    else:
        w, h, top, left = width, height, 0, 0
    return picture.crop((left, top, left + w, top + h)).resize((size, size), Image.BILINEAR)


def turn_hue(picture, turn):
    h, s, v = picture.convert("HSV").split()
    h = Image.fromarray(np.array(h, dtype=np.uint8) + np.uint8(int(turn * 255) & 255), "L")
    return Image.merge("HSV", (h, s, v)).convert("RGB")


def jitter(picture):
    b, c, s, h = random.uniform(0.6, 1.4), random.uniform(0.6, 1.4), random.uniform(0.6, 1.4), random.uniform(-0.4, 0.4)
    operations = [
        lambda p: ImageEnhance.Brightness(p).enhance(b),
        lambda p: ImageEnhance.Contrast(p).enhance(c),
        lambda p: ImageEnhance.Color(p).enhance(s),
        lambda p: turn_hue(p, h),
    ]
    random.shuffle(operations)
    for operation in operations:
        picture = operation(picture)
    return picture


def view(array, size):
    picture = jitter(random_resized_crop(Image.fromarray(array, "RGB"), size))
    if random.random() < 0.2:
        picture = Image.merge("RGB", [picture.convert("L")] * 3)
    if random.random() < 0.5:
        picture = picture.transpose(Image.FLIP_LEFT_RIGHT)
    return np.asarray(picture)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--size", type=int, default=32)
    parser.add_argument("--images", type=int, default=2000)
    parser.add_argument("--repetitions", type=int, default=7)
    options = parser.parse_args()
    random.seed(0)
    images = np.random.default_rng(0).integers(0, 256, (options.images, options.size, options.size, 3), dtype=np.uint8)
    seconds = []
    for repetition in range(options.repetitions + 2):
        start = time.perf_counter()
        for image in images:
            view(image, options.size)
        if repetition >= 2:
            seconds.append(time.perf_counter() - start)
    rate = round(options.images / statistics.median(seconds))
    print(json.dumps({"what": "augmentation", "peer": f"Pillow {PIL.__version__}", "size": options.size, "threads": 1,
                      "imagesPerSecond": rate}))


if __name__ == "__main__":
    main()
