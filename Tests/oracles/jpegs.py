"""Makes the two small JPEGs of DatasetsTests and the SHA-256 of their pixels as RGB by Pillow. Needs Pillow, numpy."""
import base64, hashlib, io, textwrap
import numpy as np
from PIL import Image

y, x = np.mgrid[0:64, 0:64]
colour = np.stack([x * 4, y * 4, 128 + 100 * np.sin(x / 5) * np.cos(y / 7)], 2).astype(np.uint8)
for name, pixels in (("colour", colour), ("grey", colour[..., 2])):
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "JPEG", quality=75)
    decoded = np.asarray(Image.open(io.BytesIO(out.getvalue())).convert("RGB"))
    print(name, hashlib.sha256(decoded.tobytes()).hexdigest())
    print("\n".join(textwrap.wrap(base64.b64encode(out.getvalue()).decode(), 130)))
