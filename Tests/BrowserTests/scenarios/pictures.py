"""Pictures of every type of page. `scripts/screenshots` runs this."""

import pathlib

import pages
from browser import THEMES, WIDTHS


def every(browser, ledger):
    """A picture of each type of page in both themes and widths."""
    folder = pathlib.Path(ledger.pictures or ".build/browser/pages")
    for old in folder.glob("*.png"):
        old.unlink()
    for name, path in pages.every(ledger, ledger.statements()).items():
        if name in pages.VARIANTS:
            continue
        browser.visit(path, status=pages.STATUS.get(name, 200))
        for width in WIDTHS:
            for theme in THEMES:
                browser.show(theme, width)
                file = folder / f"{name}-{theme}-{width}.png"
                # Lists are cut; their rows are alike.
                browser.picture(file, most=20000 if name == "record" else 3000)
                reduce(file)


def reduce(file, colours=24):
    """Rewrites a picture with a palette, if Pillow is there."""
    try:
        from PIL import Image
    except ImportError:
        return
    Image.open(file).convert("RGB").quantize(colours, dither=Image.Dither.NONE).save(file, optimize=True)
