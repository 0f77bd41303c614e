#!/usr/bin/env python3
"""Looks at the console of ADDRESS with a real Chromium, as an operator does; says what is wrong, and is silent when nothing is.

    console.py page ADDRESS FOLDER      renders, without a complaint of the browser, fits wide and narrow windows; screenshots
    console.py live ADDRESS FOLDER      server-sent events replace <main>
    console.py reload ADDRESS FOLDER    the button reloads the configuration and comes back to the console
    console.py foreign NAME:PORT FOLDER the button works under the host's own name, too, which browsers do not trust as loopback
    console.py plain ADDRESS FOLDER     everything is there without script
"""
import re
import sys

from browser import Browser

VIEWS = {"wide": (1280, 900), "narrow": (390, 844)}
# The page must not scroll sideways: only tables do, in a box of their own.
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
# Elements that stick out of the window without a scrolling box around them.
STICKING_OUT = """[...document.querySelectorAll('body *')].filter(e => !e.closest('.scroll') &&
    e.getBoundingClientRect().right > document.documentElement.clientWidth + 1).map(e => e.outerHTML.slice(0, 120))"""
# WCAG 2.1: 4.5 to 1 for every piece of text against the nearest painted background.
CONTRAST = r"""(() => {
    const parts = (color) => color.match(/[\d.]+/g).map(Number);
    const luminance = ([r, g, b]) => [r, g, b].map(v => v / 255).map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
        .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
    const background = (e) => { for (; e; e = e.parentElement) { const c = parts(getComputedStyle(e).backgroundColor);
        if (c.length < 4 || c[3] > 0) return c; } return [255, 255, 255]; };
    const found = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const e = walker.currentNode.parentElement;
        if (!walker.currentNode.data.trim() || ['NOSCRIPT', 'SCRIPT'].includes(e.tagName) || !e.getClientRects().length) continue;
        const [a, b] = [luminance(parts(getComputedStyle(e).color)), luminance(background(e))];
        const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
        if (ratio < 4.5) found.push(`${ratio.toFixed(2)} ${e.className} ${walker.currentNode.data.trim().slice(0, 40)}`);
    }
    return [...new Set(found)];
})()"""
UPTIME = "[...document.querySelectorAll('dt')].find(e => e.textContent === 'Up for')?.nextElementSibling.textContent"
GENERATION = UPTIME.replace("Up for", "Generation")

problems = []


def note(what, found):
    problems.extend(f"{what}: {item}" for item in found)


def page(browser, address, folder):
    for scheme in ("light", "dark"):
        for view, size in VIEWS.items():
            browser.resize(*size, scheme)
            browser.open(address)
            browser.wait("the page says that it is live", "document.getElementById('link').textContent === 'live'")
            name = f"{view} {scheme}"
            overflow = browser.evaluate(OVERFLOW)
            note(name, [f"the page is {overflow} pixels too wide"] if overflow > 0 else [])
            note(f"{name}, sticks out", browser.evaluate(STICKING_OUT))
            note(f"{name}, contrast", browser.evaluate(CONTRAST))
            browser.screenshot(f"{folder}/{view}-{scheme}.png")
            browser.screenshot(f"{folder}/{view}-{scheme}-whole.png", whole=True)
    note("requests to others", browser.foreign_requests(address))


def live(browser, address, folder):
    browser.open(address)
    before = browser.evaluate(UPTIME)
    browser.evaluate("document.getElementById('main').firstElementChild.dataset.old = 'yes'")
    browser.wait("<main> is replaced", "!document.querySelector('[data-old]')")
    browser.wait("another uptime", f"({UPTIME}) !== {before!r}")


def reload(browser, address, folder):
    browser.open(address)
    before = int(browser.evaluate(GENERATION))
    browser.click("form button")
    browser.wait("the next generation", f"Number({GENERATION}) === {before + 1} && location.pathname === '/'")


def foreign(address, folder):
    name, port = address.rsplit(":", 1)
    with Browser(folder, f"--host-resolver-rules=MAP {name} 127.0.0.1") as browser:
        reload(browser, f"http://{address}/", folder)
        note("browser", browser.complaints())


def without_script(address, folder):
    with Browser(folder) as browser:
        browser.call("Emulation.setScriptExecutionDisabled", value=True)
        browser.resize(*VIEWS["wide"])
        browser.call("Page.navigate", url=address)
        browser.await_event("Page.loadEventFired")
        tree = browser.call("Accessibility.getFullAXTree")["nodes"]
        text = " ".join(node["name"]["value"] for node in tree if node.get("name", {}).get("value"))
        for wanted in ("ready", "Up for", "Version", "Configuration", "admin", "disk", "not live", "Recent events"):
            if wanted not in text:
                problems.append(f"without script there is no {wanted!r} in: {text[:2000]}")
        if not re.search(r"\d+ % · \S+ free of", text):
            problems.append(f"without script there are no disk figures in: {text[:2000]}")
        browser.screenshot(f"{folder}/without-script.png")
        note("browser", browser.complaints())


def main():
    command, address, folder = sys.argv[1:]
    if command == "foreign":
        foreign(address, folder)
    elif command == "plain":
        without_script(address, folder)
    else:
        with Browser(folder) as browser:
            browser.resize(*VIEWS["wide"])
            {"page": page, "live": live, "reload": reload}[command](browser, address, folder)
            note("browser", browser.complaints())
    print("\n".join(dict.fromkeys(problems)))
    sys.exit(1 if problems else 0)


main()
