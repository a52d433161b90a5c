"""A headless Chromium, and what is true of every page that it visits."""

import base64
import contextlib
import importlib.util
import json
import os
import pathlib
import shutil
import tempfile
import time
import urllib.parse

os.environ["SE_OFFLINE"] = "true"
os.environ["SE_AVOID_STATS"] = "true"

from selenium import webdriver
from selenium.common.exceptions import (
    NoAlertPresentException, StaleElementReferenceException, UnexpectedAlertPresentException, WebDriverException)
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

THEMES = ("light", "dark")
WIDTHS = (360, 1280)
AXE_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


# Watches where Tab goes. A group of radio buttons is one stop. What is not rendered is none.
KEYBOARD = """
    const controls = 'a[href], button, input, select, textarea, summary, [tabindex], [contenteditable]';
    const shown = e => e.checkVisibility({visibilityProperty: true}) && !e.disabled && e.type !== 'hidden'
      && e.tabIndex >= 0 && !e.closest('[inert]');
    const rest = e => e.type !== 'radio' || e.checked || ![...document.getElementsByName(e.name)].some(o => o.checked)
      && document.getElementsByName(e.name)[0] === e;
    const wanted = [...document.querySelectorAll(controls)].filter(e => shown(e) && rest(e));
    const name = e => e.outerHTML.slice(0, 120);
    const reached = new Set(), disorder = [], unseen = [];
    let last = null;
    document.addEventListener('focusin', event => {
      const e = event.target;
      if (last && last !== e && !reached.has(e)
          && !(last.compareDocumentPosition(e) & Node.DOCUMENT_POSITION_FOLLOWING)) disorder.push(name(e));
      reached.add(e);
      last = e;
    });
    const look = () => {
      const e = document.activeElement;
      // After the last control the focus leaves the page.
      if (!e || e === document.body || !e.matches(':focus')) return;
      const style = getComputedStyle(e), box = e.getClientRects()[0] || e.getBoundingClientRect();
      const ring = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2
        && style.outlineColor !== 'rgba(0, 0, 0, 0)';
      const inside = box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth
        && box.width > 0 && box.height > 0;
      if (!ring || !inside) unseen.push(name(e) + (ring ? ' (outside the window)' : ' (no outline)'));
    };
    document.addEventListener('keydown', look, true);
    window.tabStops = {finish: () => {
      look();
      return {missed: wanted.filter(e => e.isConnected && shown(e) && !reached.has(e)).slice(0, 5).map(name),
              disorder: disorder.slice(0, 5), unseen: [...new Set(unseen)].slice(0, 5)};
    }};
    return {count: wanted.length,
            positive: [...document.querySelectorAll('[tabindex]')].filter(e => e.tabIndex > 0).map(name)};
"""


class Failure(AssertionError):
    """Something on a page is not as it should be."""


def expect(condition, message):
    if not condition:
        raise Failure(message)


def axe_source():
    """The text of axe-core. The package is only a container: it is not imported."""
    package = importlib.util.find_spec("axe_playwright_python")
    return (pathlib.Path(package.origin).parent / "axe.min.js").read_text()


class Browser:
    """One browser window.

    `visit` opens a page and checks it; `check` checks what happened since: no message on the console, no request to
    another host, no cookie, no dialog.
    """

    def __init__(self, base):
        self.base = base.rstrip("/")
        self.hosts = {urllib.parse.urlsplit(base).netloc}
        self.downloads = pathlib.Path(tempfile.mkdtemp(prefix="plt-browser-"))
        self.start()

    def start(self):
        """Starts the browser."""
        options = webdriver.ChromeOptions()
        options.binary_location = shutil.which("chromium")
        for word in ("headless=new", "no-sandbox", "disable-dev-shm-usage", "disable-gpu", "hide-scrollbars", "lang=en-GB",
                     "force-color-profile=srgb", "disable-background-networking", "disable-component-update",
                     "no-first-run", "disable-sync", "disable-search-engine-choice-screen"):
            options.add_argument("--" + word)
        options.set_capability("acceptInsecureCerts", True)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        service = webdriver.ChromeService(shutil.which("chromedriver"))
        self.driver = webdriver.Chrome(options, service)
        self.driver.set_page_load_timeout(60)
        self.driver.set_script_timeout(60)
        self.command("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(self.downloads))
        self.status = None
        self.reset()

    def restart_if_ended(self):
        """Starts the browser again if it crashed. Returns whether it had to."""
        try:
            self.driver.execute_script("return 1")
            return False
        except WebDriverException:
            self.driver.quit()
            self.start()
            return True

    def close(self):
        self.driver.quit()
        shutil.rmtree(self.downloads, ignore_errors=True)

    def command(self, name, **arguments):
        """Sends a command of the Chrome DevTools Protocol."""
        return self.driver.execute_cdp_cmd(name, arguments)

    def reset(self):
        """Returns to a blank page, the light theme, a wide window, and a profile without data."""
        self.hosts = {urllib.parse.urlsplit(self.base).netloc}
        with contextlib.suppress(NoAlertPresentException):
            while True:
                self.driver.switch_to.alert.dismiss()
        self.scripts(True)
        self.show("light", 1280)
        self.driver.get("about:blank")
        self.command("Storage.clearDataForOrigin", origin=self.base, storageTypes="all")
        self.command("Network.clearBrowserCookies")
        for file in self.downloads.iterdir():
            file.unlink()
        self.logs()

    # Settings

    def show(self, theme=None, width=None, height=900):
        """Changes the theme or the width of the window; the page stays."""
        if theme:
            features = [{"name": "prefers-color-scheme", "value": theme},
                        {"name": "prefers-reduced-motion", "value": "reduce"}]
            self.command("Emulation.setEmulatedMedia", features=features)
        if width:
            self.command("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1,
                         mobile=False)

    def scripts(self, enabled):
        """Whether pages may run scripts, from the next visit."""
        self.command("Emulation.setScriptExecutionDisabled", value=not enabled)

    # Visits and checks

    def visit(self, path, status=200):
        """Opens a page of the ledger, and checks it."""
        self.check()
        url = path if "://" in path else self.base + path
        try:
            self.driver.get(url)
            self.check(statuses={status} if status >= 400 else ())
        except UnexpectedAlertPresentException as error:
            raise Failure(f"{path} opens a dialog: {error.alert_text}") from error
        expect(self.status == status, f"{path} answers {self.status}, expected {status}")

    def logs(self):
        """What the browser logged since the last call: messages of the console, and network events."""
        console = self.driver.get_log("browser")
        events = [json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance")]
        return console, events

    def check(self, statuses=()):
        """Fails if something happened since the last check that no page may do.

        - statuses: answers of the ledger that the scenario expects, although the console reports them as errors.
        """
        console, events = self.logs()
        where = self.driver.current_url
        for entry in console:
            expected = any(f"responded with a status of {status} " in entry["message"] for status in statuses)
            expect(entry["level"] == "DEBUG" or expected, f"{where}: the console says {entry['level']} {entry['message']}")
        for event in events:
            details = event["params"]
            if event["method"] == "Network.requestWillBeSent":
                self.check_request(where, details["request"]["url"])
            elif event["method"] == "Network.webSocketCreated":
                raise Failure(f"{where} opens a web socket: {details['url']}")
            elif event["method"] == "Page.javascriptDialogOpening":
                raise Failure(f"{where} opens a dialog: {details['message']}")
            elif event["method"] == "Network.responseReceived" and details["type"] == "Document":
                self.status = details["response"]["status"]
        cookies = self.command("Network.getAllCookies")["cookies"]
        cookies = [cookie for cookie in cookies if cookie["domain"] == urllib.parse.urlsplit(self.base).hostname]
        expect(not cookies, f"{where} sets cookies: {[cookie['name'] for cookie in cookies]}")

    def check_request(self, where, url):
        parts = urllib.parse.urlsplit(url)
        # Chromium's own controls have pictures as data. The policy of the pages forbids others, which the console tells.
        local = parts.scheme in ("blob", "about", "data") or (parts.scheme in ("http", "https") and parts.netloc in self.hosts)
        expect(local, f"{where} requests {url[:200]}")

    # Reading a page

    def js(self, script, *arguments):
        return self.driver.execute_script(script, *arguments)

    def all(self, selector):
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def find(self, selector):
        found = self.all(selector)
        expect(found, f"{self.driver.current_url} has no {selector}")
        return found[0]

    def text(self, selector="main"):
        """The visible text of an element."""
        return self.js("return arguments[0].innerText", self.find(selector))

    def wait(self, condition, what, seconds=15):
        """Waits until a function returns a true value. Returns it."""
        end = time.monotonic() + seconds
        while True:
            try:
                value = condition()
            except StaleElementReferenceException:
                # A script replaced the element while it was looked at.
                value = None
            if value:
                return value
            expect(time.monotonic() < end, f"{self.driver.current_url}: waited {seconds} s for {what}")
            time.sleep(0.05)

    def wait_for_text(self, text, selector="main", seconds=15):
        return self.wait(lambda: text in self.text(selector), f"“{text}” in {selector}", seconds)

    def download(self, pattern="*", seconds=15):
        """Waits for a downloaded file. Returns its path."""
        def finished():
            return [file for file in self.downloads.glob(pattern) if file.suffix != ".crdownload"]
        return self.wait(finished, f"a download {pattern}", seconds)[0]

    # Acting

    def click(self, selector):
        element = self.find(selector)
        self.js("arguments[0].scrollIntoView({block: 'center', behavior: 'instant'})", element)
        element.click()

    def type(self, selector, text):
        element = self.find(selector)
        element.clear()
        element.send_keys(text)

    def choose(self, selector, value):
        """Chooses an option of a `select` by its value."""
        self.find(f'{selector} option[value="{value}"]').click()

    def upload(self, selector, path):
        self.find(selector).send_keys(str(path))

    def keys(self, *keys):
        """Presses keys, wherever the focus is."""
        ActionChains(self.driver).send_keys(*keys).perform()

    @contextlib.contextmanager
    def outside(self, host):
        """Allows requests to another host, for a sign-in elsewhere."""
        self.hosts.add(host)
        try:
            yield
            self.check()
        finally:
            self.hosts.discard(host)

    # What is measured on a page

    def axe(self, context="as it is", only=None):
        """Fails if axe-core finds a violation on the page as it is now, of all rules or of one."""
        if not self.js("return typeof window.axe === 'object'"):
            self.js(axe_source())
        result = self.driver.execute_async_script("""
            const [rules, done] = arguments;
            axe.run(document, {runOnly: rules, resultTypes: ['violations']}).then(
              found => done(found.violations.map(v => v.id + ' (' + v.help + '): ' + v.nodes.slice(0, 5).map(
                n => n.html.slice(0, 200) + ' — ' + (n.any[0] || n.all[0] || n.none[0] || {message: ''}).message)
                .join(' | '))),
              error => done(['axe failed: ' + error]))""",
            {"type": "rule", "values": [only]} if only else {"type": "tag", "values": AXE_TAGS})
        expect(not result, f"{self.driver.current_url} ({context}): axe finds " + "\n".join(result))

    def check_width(self, context=""):
        """Fails if the page is wider than the window."""
        wide = self.js("""
            const root = document.documentElement, limit = root.clientWidth;
            if (root.scrollWidth <= limit) return null;
            const clipped = e => { for (let p = e.parentElement; p; p = p.parentElement)
              if (getComputedStyle(p).overflowX !== 'visible') return true; return false; };
            return [root.scrollWidth, limit, [...document.querySelectorAll('body *')].filter(
              e => e.getBoundingClientRect().right > limit + 1 && !clipped(e)).slice(0, 5).map(
              e => e.outerHTML.slice(0, 160))];""")
        expect(not wide, f"{self.driver.current_url} {context}: the page is wider than the window: {wide}")

    def check_everywhere(self):
        """Checks the page with axe and for its width in both themes and all widths.

        The themes differ in colours only, so the dark one is checked for its contrast.
        """
        for width in WIDTHS:
            self.show("light", width)
            self.axe(f"light, {width} px")
            self.check_width(f"at {width} px")
            self.show("dark")
            self.axe(f"dark, {width} px", only="color-contrast")
        self.show("light", 1280)
        self.check()

    def check_narrow(self):
        """Checks the page with axe and for its width on a phone."""
        self.show("light", 360)
        self.axe("light, 360 px")
        self.check_width("at 360 px")
        self.show("light", 1280)
        self.check()

    def check_keyboard(self):
        """Fails unless Tab reaches every control, in the order of the document, and each shows that it has the focus.

        The page must be fresh: Tab begins at its start.
        """
        self.js("document.activeElement.blur()")
        expected = self.js(KEYBOARD)
        # A field for dates and a region that scrolls have stops of their own. After the last one the page has no focus.
        self.keys(*[Keys.TAB] * expected["count"])
        for _ in range(60):
            self.keys(Keys.TAB)
            if not self.js("return document.hasFocus() && document.activeElement !== document.body"):
                break
        found = self.js("return window.tabStops.finish()")
        where = self.driver.current_url
        expect(not expected["positive"], f"{where}: a tabindex above 0: {expected['positive']}")
        expect(not found["missed"], f"{where}: Tab does not reach {found['missed']}")
        expect(not found["disorder"], f"{where}: Tab leaves the order of the document at {found['disorder']}")
        expect(not found["unseen"], f"{where}: the focus is not visible on {found['unseen']}")

    def check_skip_link(self):
        """Fails unless the first Tab offers to skip to the content, which Enter does."""
        where = self.driver.current_url
        self.keys(Keys.TAB)
        expect(self.js("return (document.activeElement.getAttribute('href') || '').startsWith('#')"),
               f"{where}: the first Tab does not reach a skip link")
        self.keys(Keys.ENTER)
        self.keys(Keys.TAB)
        inside = self.js("return document.querySelector('main').contains(document.activeElement) || "
                         "!document.querySelector('main a[href], main button, main input')")
        expect(inside, f"{where}: after the skip link, Tab is not in the content")

    def facts(self, selector="main"):
        """The lines of text that a reader sees, with all details open."""
        self.js("document.querySelectorAll('details').forEach(d => d.open = true)")
        lines = [" ".join(line.split()) for line in self.text(selector).splitlines()]
        return [line for line in lines if line]

    def picture(self, path, most=20000):
        """Writes a PNG of the whole page."""
        height = self.js("return Math.ceil(document.documentElement.getBoundingClientRect().height)")
        width = self.js("return window.innerWidth")
        clip = {"x": 0, "y": 0, "width": width, "height": max(1, min(height, most)), "scale": 1}
        data = self.command("Page.captureScreenshot", format="png", clip=clip, captureBeyondViewport=True)["data"]
        path = pathlib.Path(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(base64.b64decode(data))
