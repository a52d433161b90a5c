"""Runs scenarios in a browser and prints a line of JSON for each.

Usage: python3 Tests/BrowserTests/scenarios [--url http://127.0.0.1:8080 --data-dir DIR] [--program PATH] MODULE[.SCENARIO]...

Without --url a ledger of its own is started for each module, with the sample record and fake external services.

A scenario is a public function of a module in this folder with the parameters `browser` and `ledger`. It fails with an
exception. A picture of the page where it failed is kept in .build/browser.
"""

import argparse
import contextlib
import importlib
import inspect
import itertools
import json
import os
import pathlib
import signal
import sys
import tempfile
import threading
import time
import traceback

sys.dont_write_bytecode = True

from browser import Browser, Failure
from ledger import Ledger
from service import started


def outlive_nobody(parent=os.getppid()):
    """A test run that is killed cannot end what it started."""
    while os.getppid() == parent:
        time.sleep(1)
    os.kill(os.getpid(), signal.SIGTERM)


def arguments():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--url", help="the address of a service that runs already")
    parser.add_argument("--data-dir", help="the data directory of the ledger")
    parser.add_argument("--program", default=".build/debug/pithledger", help="the path of pithledger")
    parser.add_argument("--services", help="the address of the fake external services")
    parser.add_argument("--number", default="pith:2024:4OXKXQ4PBCCPHOCVZK2PKPZTA2", help="the sample record")
    parser.add_argument("--pictures", help="the folder that pictures of pages are written to")
    parser.add_argument("scenarios", nargs="+")
    return parser.parse_args()


def scenarios(word):
    """The scenarios of a module, in the order of the file, or one of them."""
    name, _, one = word.partition(".")
    module = importlib.import_module(name)
    found = [function for key, function in vars(module).items()
             if inspect.isfunction(function) and function.__module__ == name
             and list(inspect.signature(function).parameters) == ["browser", "ledger"] and one in ("", key)]
    if not found:
        raise SystemExit(f"{word} names no scenario")
    return found


def explain(error):
    """The reason of a failure, with the places in the scenarios but not in the libraries."""
    if isinstance(error, Failure):
        return str(error)
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if "/scenarios/" in frame.filename]
    places = "".join(f"\n  {pathlib.Path(frame.filename).name}:{frame.lineno}: {frame.line}" for frame in frames)
    return f"{type(error).__name__}: {str(error).split('Stacktrace:')[0].strip()}{places}"


def run(scenario, browser, ledger):
    """Runs a scenario. Returns why it failed, or nothing."""
    try:
        browser.reset()
        scenario(browser, ledger)
        browser.check()
        return None
    except Exception as error:
        reason = explain(error)
    try:
        path = pathlib.Path(".build/browser", f"{scenario.__module__}.{scenario.__name__}.png").absolute()
        browser.picture(path)
        reason += f"\nA picture of the page is in {path}."
    except Exception:
        if browser.restart_if_ended():
            reason = "The browser crashed. " + reason
    return reason


def run_module(options, words):
    """Runs scenarios of one module on one ledger, and prints their outcomes. Returns whether all succeeded."""
    succeeded = True
    with contextlib.ExitStack() as stack:
        options.home = stack.enter_context(tempfile.TemporaryDirectory(prefix="plt-scenario-"))
        if options.starts:
            options.url, options.data_dir, options.services = stack.enter_context(started(options.program))
        ledger = Ledger(options)
        browser = Browser(options.url)
        stack.callback(browser.close)
        for scenario in (function for word in words for function in scenarios(word)):
            start = time.monotonic()
            reason = run(scenario, browser, ledger)
            if reason and reason.startswith("The browser crashed."):
                print(f"{scenario.__name__} is repeated: {reason}", file=sys.stderr)
                reason = run(scenario, browser, ledger)
            succeeded = succeeded and reason is None
            print(json.dumps({"scenario": f"{scenario.__module__}.{scenario.__name__}",
                              "title": (scenario.__doc__ or scenario.__name__).splitlines()[0],
                              "failure": reason, "seconds": round(time.monotonic() - start, 1)},
                             ensure_ascii=False), flush=True)
    return succeeded


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    threading.Thread(target=outlive_nobody, daemon=True).start()
    options = arguments()
    options.starts = options.url is None
    modules = itertools.groupby(options.scenarios, lambda word: word.partition(".")[0])
    outcomes = [run_module(options, list(words)) for _, words in modules]
    sys.exit(0 if all(outcomes) else 1)


main()
