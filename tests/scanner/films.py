"""Films for a camera that is none: barcodes of our own renderer, one after the other, which Chromium shows to pages as its camera.

May not enter: what a code means."""

from pathlib import Path

from PIL import Image, ImageDraw

from billfold.domain.content import Barcode
from billfold.rendering.barcodes import encode

WIDTH, HEIGHT = 640, 480
FRAMES_A_SECOND = 5
FRAMES_A_CODE = 4
GREY = 200


def arguments(film: Path) -> tuple[str, ...]:
    """What makes Chromium take the film for its camera."""
    return ("--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream", f"--use-file-for-fake-video-capture={film}")


def draw(code: Barcode, tilt: float = 0) -> Image.Image:
    """The code as a phone shows it: dark on white with a quiet zone, in grey surroundings."""
    modules = encode(code)
    assert modules, "the renderer cannot draw it"
    across = max(2, 420 // modules.width)
    down = 160 if modules.linear else across * (3 if modules.width > 2 * len(modules.rows) else 1)
    quiet = 10 * across if modules.linear else 4 * across
    card = Image.new("L", (modules.width * across + 2 * quiet, len(modules.rows) * down + 2 * quiet), 255)
    pen = ImageDraw.Draw(card)
    for y, row in enumerate(modules.rows):
        for x, dark in enumerate(row):
            if dark == "1":
                left, top = quiet + x * across, quiet + y * down
                pen.rectangle((left, top, left + across - 1, top + down - 1), fill=0)
    card = card.rotate(tilt, expand=True, fillcolor=GREY, resample=Image.Resampling.BICUBIC)
    card.thumbnail((WIDTH - 20, HEIGHT - 20))
    frame = Image.new("L", (WIDTH, HEIGHT), GREY)
    frame.paste(card, ((WIDTH - card.width) // 2, (HEIGHT - card.height) // 2))
    return frame


def film(path: Path, *pictures: Image.Image) -> Path:
    """Writes them as YUV4MPEG2, each for most of a second; Chromium shows the film again and again."""
    grey = bytes([128]) * (WIDTH * HEIGHT // 2)  # both colour planes: none
    with path.open("wb") as out:
        out.write(f"YUV4MPEG2 W{WIDTH} H{HEIGHT} F{FRAMES_A_SECOND}:1 Ip A1:1 C420jpeg\n".encode())
        for picture in pictures:
            for _ in range(FRAMES_A_CODE):
                out.write(b"FRAME\n" + picture.tobytes() + grey)
    return path
