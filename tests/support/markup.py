"""HTML, as tests look at it."""

from __future__ import annotations

from html.parser import HTMLParser

VOID = {"meta", "path", "rect"}


class Elements(HTMLParser):
    """The names and attributes of all elements, and all text."""

    def __init__(self, html):
        super().__init__()
        self.elements, self.open, self.text = [], [], []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)

    def having(self, attribute):
        return [values[attribute] for _, values in self.elements if attribute in values]
