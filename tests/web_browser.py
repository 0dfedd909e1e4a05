"""Clicks through the web page in Chromium: web_browser.py LONGPLAY [--pictures DIR]. Exits with 77 where there is no Chromium to drive; with
--pictures it writes what it sees, for docs/.

Live picture and panels, an overlay, the memory's tree down to an item and the picture of its moment, search, past episodes. Nothing may be asked of
anybody else, nothing may be wrong on the console, and what a game says is never HTML.
"""
import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

PATIENCE_S = 300


def skip(why):
    print(f"skipped: {why}")
    sys.exit(77)


try:
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service
    from selenium.webdriver.common.by import By
    from selenium.webdriver.support.ui import WebDriverWait
except ImportError:
    debian = "/usr/bin/python3"  # python3-selenium is for this one
    if os.path.exists(debian) and not os.environ.get("LONGPLAY_BROWSER_PYTHON"):
        os.execve(debian, [debian, *sys.argv], {**os.environ, "LONGPLAY_BROWSER_PYTHON": debian})
    skip("no Selenium here (python3-selenium)")

TITLE = "<img src=x onerror=alert(1)> & co"


class Page:
    def __init__(self, folder, url):
        options = webdriver.ChromeOptions()
        for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--window-size=1280,1000", f"--user-data-dir={folder}/chromium"):
            options.add_argument(argument)
        options.binary_location = shutil.which("chromium")
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        self.url, self.driver = url, webdriver.Chrome(service=Service(shutil.which("chromedriver")), options=options)
        self.driver.set_page_load_timeout(PATIENCE_S)

    def js(self, script):
        return self.driver.execute_script(f"return {script}")

    def wait(self, script, what):
        WebDriverWait(self.driver, PATIENCE_S, 0.2).until(lambda _: self.js(script), f"never: {what}; the page says: {self.js('document.body.innerText')}")

    def click(self, selector):
        self.wait(f"Boolean(document.querySelector({selector!r})?.checkVisibility())", f"{selector} to click on")
        self.driver.find_element(By.CSS_SELECTOR, selector).click()

    def open(self, path):
        self.driver.get(self.url + path)

    def check(self):
        said = [entry for entry in self.driver.get_log("browser") if entry["level"] in ("SEVERE", "WARNING")]
        assert not said, said
        asked = self.js("performance.getEntriesByType('resource').map(e => e.name)")
        assert asked and all(name.startswith((self.url, "data:")) for name in asked), asked


def live(page):
    page.open("")
    page.wait("document.querySelector('#picture').naturalWidth === 160", "a picture of the game")
    page.wait("document.querySelector('[data-panel=run] .badge')?.innerText === 'LIVE'", "LIVE")
    first = page.js("document.querySelector('#picture').src")
    page.wait(f"document.querySelector('#picture').src !== {first!r}", "another picture")
    for panel, text in (("action", "LEFT"), ("value", "Value"), ("memory", "level 1"), ("reading", "ago"), ("events", "The corridor begins"), ("clocks", "DECISIONS/S")):
        page.wait(f"document.querySelector('[data-panel={panel}]').innerText.toUpperCase().includes({text.upper()!r})", f"'{text}' in {panel}")
    assert page.js("document.querySelector('[data-panel=run] b').innerText") in (TITLE, "Longplay")
    assert page.js("document.querySelectorAll('header img').length") == 0


def overlay(page):
    page.open("?panel=reading,clocks&transparent=1")
    page.wait("document.querySelector('[data-panel=reading]').innerText.includes('ago')", "the panel")
    assert page.js("getComputedStyle(document.body).backgroundColor") == "rgba(0, 0, 0, 0)"
    seen = page.js("[...document.querySelectorAll('[data-panel]')].filter(e => e.checkVisibility()).map(e => e.dataset.panel).join()")
    assert seen == "reading,clocks", seen
    assert not page.js("document.querySelector('nav').checkVisibility()")
    page.open("?panel=picture,reading,clocks")  # in sight together: who looks through OBS cannot scroll
    page.wait("document.querySelector('#picture').naturalWidth === 160 && document.querySelector('[data-panel=reading]').innerText.includes('ago')", "picture and panel")
    boxes = page.js("['picture', 'reading', 'clocks'].map(n => document.querySelector(`[data-panel=${n}]`).getBoundingClientRect()).map(r => [r.top, r.bottom, r.height])")
    height = page.js("innerHeight")
    assert boxes[0][2] >= 0.4 * height - 1 and all(0 <= top < bottom <= height + 1 for top, bottom, _ in boxes), (boxes, height)
    page.open("?panel=nothing,clocks")
    assert page.js("document.body.innerText").count("no panel is called 'nothing' (there are run, picture, ") == 1


def moment(page, text):
    page.wait("document.querySelector('#moment img')?.naturalWidth === 160", "the picture of the moment")
    page.wait(f"document.querySelector('#moment').innerText.includes({text!r})", f"'{text}' beside it")


def memory(page):
    page.open("")
    page.click("nav a[href='#memory']")
    page.wait("document.querySelectorAll('#tree > li details').length > 0 || (location.hash = '', location.hash = '#memory', false)", "a summary")
    page.click("#tree > li > details > summary > button")
    moment(page, "keeps")
    page.js("document.querySelector('#tree > li > details').open = true")
    while not page.js("Boolean(document.querySelector('#tree li > button.entry'))"):  # down to the items
        page.wait("document.querySelectorAll('#tree details details').length > 0 || document.querySelector('#tree li > button.entry')", "what it was made of")
        page.js("[...document.querySelectorAll('#tree details')].at(-1).open = true")
    page.click("#tree li > button.entry")
    moment(page, "salience")


def search(page):
    words = page.driver.find_element(By.CSS_SELECTOR, "#find [name=words]")
    words.send_keys("corridor begins\n")
    page.wait("document.querySelector('#tree').innerText.includes('The corridor begins')", "what was searched for")
    page.click("#tree button.entry")
    moment(page, "The corridor begins")


def past(page):
    page.click("nav a[href='#past']")
    page.wait("document.querySelector('#past .win') || (location.hash = '#live', location.hash = '#past', false)", "an episode that was won")
    page.click("#past tr")
    moment(page, "won")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("longplay")
    parser.add_argument("--pictures", type=Path)
    a = parser.parse_args()
    for program in ("chromium", "chromedriver"):
        if not shutil.which(program):
            skip(f"no {program} here")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["HOME"] = folder
        game = subprocess.Popen([os.path.abspath(a.longplay), "play", "cue", "--headless", "--speed", "4", "--title", "Longplay" if a.pictures else TITLE, "--memory.chunk=16", "--memory.window=16", "--memory.fan=4", "--run", f"{folder}/run", "--web", "127.0.0.1:0",
                                 "--set", "doors=4", "--set", "horizon=200", "--set", "when=1", "--set", "decoys=10"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        page = None
        try:
            page = Page(folder, re.search(r"http://\S+", game.stderr.readline())[0])
            for step in (live, overlay, memory, search, past):
                step(page)
                page.check()
                if a.pictures:
                    page.driver.save_screenshot(str(a.pictures / f"{step.__name__}.png"))
                print(f"{step.__name__}: seen")
        finally:
            if page:
                page.driver.quit()
            game.terminate()
            game.communicate()


if __name__ == "__main__":
    main()
