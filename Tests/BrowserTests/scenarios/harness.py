"""The browser's checks find what is wrong with a page. A small server has one page for each fault."""

import contextlib
import html
import http.server
import threading

import hostile
from browser import Failure, expect

PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Page</title>{head}</head>
<body><main><h1>Page</h1><p>Text</p>{body}</main></body></html>"""
POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'"


@contextlib.contextmanager
def serving(browser, body="", head="", headers=(), status=200, files={}):
    """Serves one page, and files beside it, in the place of the ledger."""
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            name = self.path.lstrip("/")
            self.send_response(status if not name else 200 if name in files else 404)
            self.send_header("Content-Type", "text/html; charset=utf-8" if not name else
                             "text/css" if name.endswith(".css") else "text/javascript")
            for key, value in headers:
                self.send_header(key, value)
            self.end_headers()
            self.wfile.write(PAGE.format(head=head, body=body).encode() if not name else files.get(name, "").encode())

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    before = browser.base
    browser.base = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        browser.reset()
        yield
    finally:
        browser.base = before
        browser.logs()
        browser.reset()
        server.shutdown()
        server.server_close()


def refuses(words, action):
    """Expects that a check fails with these words."""
    try:
        action()
    except Failure as failure:
        expect(words in str(failure), f"failed, but not with “{words}”: {failure}")
        return
    raise Failure(f"nothing was found, expected “{words}”")


def faultless(browser, ledger):
    """A page without a fault passes."""
    style = "p { color: #222; background: #fff }"
    with serving(browser, '<p><a href="/">Home</a></p>', '<link rel="stylesheet" href="a.css">'
                 '<script src="a.js"></script><link rel="icon" href="a.js">',
                 [("Content-Security-Policy", POLICY)], files={"a.css": style, "a.js": ""}):
        browser.visit("/")
        browser.check_everywhere()


def forbidden(browser, ledger):
    """An inline script, an inline style, a warning and a missing file are found on the console."""
    policy = [("Content-Security-Policy", POLICY)]
    icon = '<link rel="icon" href="a.js">'
    for body, headers in (("<script>window.x = 1</script>", policy), ('<p style="color: red">x</p>', policy),
                          ('<img alt="x" src="data:image/png;base64,AAAA">', policy),
                          ('<script>console.warn("x")</script>', []), ('<script src="none.js"></script>', []),
                          ("<script>throw new Error('x')</script>", [])):
        with serving(browser, body, icon, headers, files={"a.js": ""}):
            refuses("the console says", lambda: browser.visit("/"))


def elsewhere(browser, ledger):
    """A picture from another host and a cookie are found."""
    with serving(browser, '<img alt="x" src="http://127.0.0.2:9/a.png">', '<link rel="icon" href="a.js">',
                 files={"a.js": ""}):
        refuses("127.0.0.2", lambda: browser.visit("/"))
    with serving(browser, headers=[("Set-Cookie", "a=b")], head='<link rel="icon" href="a.js">', files={"a.js": ""}):
        refuses("cookies", lambda: browser.visit("/"))


def answers(browser, ledger):
    """Another status than the expected one is found."""
    for status, expected, words in ((404, 200, "the console says"), (200, 404, "answers 200")):
        with serving(browser, status=status, head='<link rel="icon" href="a.js">', files={"a.js": ""}):
            browser.visit("/", status=status)
            refuses(words, lambda: browser.visit("/", status=expected))


def accessibility(browser, ledger):
    """A missing label, a low contrast in one theme, and a page that is too wide are found."""
    icon = '<link rel="icon" href="a.js"><link rel="stylesheet" href="a.css">'
    for words, body, style in (("label", "<input>", ""),
                               ("color-contrast", "<p>x</p>",
                                "@media (prefers-color-scheme: dark) { p { color: #777; background: #888 } }"),
                               ("wider than the window", '<p class="wide">x</p>', ".wide { width: 500px }")):
        with serving(browser, body, icon, files={"a.js": "", "a.css": style}):
            browser.visit("/")
            refuses(words, browser.check_everywhere)


def keyboard(browser, ledger):
    """A control that Tab does not reach, an order of its own, and an invisible focus are found."""
    icon = '<link rel="icon" href="a.js"><link rel="stylesheet" href="a.css">'
    links = '<p><a href="/#1">1</a> <a href="/#2">2</a></p>'
    ring = "a:focus { outline: 3px solid blue }"
    trap = '<script src="a.js" defer></script>'
    for words, body, style, script in (
            (None, links, ring, ""),
            ("not visible", links, "a:focus { outline: none }", ""),
            ("not visible", links, ring + "a { position: absolute; left: -999rem }", ""),
            ("tabindex above 0", links + '<p><a href="/#3" tabindex="3">3</a></p>', ring, ""),
            ("does not reach", links + trap, ring,
             "document.querySelector('a').addEventListener('keydown', e => e.preventDefault())")):
        with serving(browser, body, icon, files={"a.js": script, "a.css": style}):
            browser.visit("/")
            if words:
                refuses(words, browser.check_keyboard)
            else:
                browser.check_keyboard()
                browser.visit("/")
                refuses("skip link", browser.check_skip_link)


def hostile_text(browser, ledger):
    """Text that is not escaped, or that is left out, is found, with and without a policy."""
    icon = '<link rel="icon" href="a.js">'
    text = hostile.TEXTS["markup"]
    for words, body, headers in ((None, html.escape(text), ()), ("does not show", "", ()),
                                 ("dialog", text, ()), ("the console says", text, [("Content-Security-Policy", POLICY)]),
                                 ("does not show", html.escape(text).replace("{{7*7}}", "49"), ())):
        with serving(browser, f"<p>{body}</p>", icon, headers, files={"a.js": "", "x": ""}):
            if words:
                refuses(words, lambda: hostile.check_harmless(browser, "/", text))
            else:
                hostile.check_harmless(browser, "/", text)
