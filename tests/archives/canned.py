"""Answers no server should give, handed to the real HTTP client in place of the network's."""

import io
import json
from urllib.parse import urlsplit

import requests


def answer(content, status=200, **headers):
    """Return an answer of a server; what is not bytes is sent as JSON."""
    response = requests.Response()
    response.status_code, response.reason = status, "OK" if status == 200 else "No"
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    response.raw = io.BytesIO(body)
    response.headers.update(headers)
    return response


def patch_answers(monkeypatch, answers):
    """Let `answers` (address and query -> answer or content) reply to every request.

    Returns what was asked, as it is asked.
    """
    asked = []

    def send(self, request, **settings):
        asked.append(request)
        parts = urlsplit(request.url)
        found = answers(parts.path, parts.query)
        response = found if isinstance(found, requests.Response) else answer(found)
        response.url, response.request = request.url, request
        return response

    monkeypatch.setattr(requests.adapters.HTTPAdapter, "send", send)
    return asked
