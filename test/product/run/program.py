"""The same program with nothing but Python's standard library."""

import json
import os
import sys
import urllib.request

model, claude = sys.argv[1:3]
key = sys.argv[3] if len(sys.argv) > 3 else None
traffic = []


def post(url, headers, body):
    sent = {"content-type": "application/json", **headers}
    request = urllib.request.Request(url, json.dumps(body).encode(), sent)
    with urllib.request.urlopen(request) as answer:
        text = answer.read().decode()
        traffic.append({"url": url, "status": answer.status, "headers": answer.getheaders(), "body": text})
        return text


def events(text):
    lines = [line[6:] for line in text.splitlines() if line.startswith("data: ")]
    return [json.loads(line) for line in lines if line != "[DONE]"]


messages = [{"role": "user", "content": "What is a gatehouse?"}]
chat = os.environ["OPENAI_BASE_URL"] + "/chat/completions"
bearer = {"authorization": "Bearer " + os.environ["OPENAI_API_KEY"]}
one = json.loads(post(chat, bearer, {"model": model, "messages": messages}))
two = events(post(chat, bearer, {"model": model, "messages": messages, "stream": True}))
talk = os.environ["ANTHROPIC_BASE_URL"] + "/v1/messages"
api_key = {"x-api-key": os.environ["ANTHROPIC_API_KEY"], "anthropic-version": "2023-06-01"}
claude_body = {"model": claude, "max_tokens": 99, "messages": messages}
three = json.loads(post(talk, api_key, claude_body))
four = events(post(talk, api_key, {**claude_body, "stream": True}))


def contents(path):
    try:
        with open(path, "rb") as file:
            return file.read(100_000).decode("latin1")
    except OSError as error:
        return error.strerror


def open_files():
    try:
        links = [os.path.realpath("/proc/self/fd/" + fd) for fd in os.listdir("/proc/self/fd")]
    except OSError:
        return []
    return [{"file": f, "text": contents(f) if os.path.isfile(f) else ""} for f in links]


json.dump(
    {
        "texts": [
            one["choices"][0]["message"]["content"],
            "".join(c["choices"][0]["delta"].get("content") or "" for c in two if c.get("choices")),
            three["content"][0]["text"],
            "".join(e["delta"].get("text", "") for e in four if e["type"] == "content_block_delta"),
        ],
        "environment": dict(os.environ),
        "initial": contents("/proc/self/environ"),
        "parent": contents("/proc/%d/environ" % os.getppid()) if key else "",
        "key": contents(key) if key else "",
        "user": os.getuid(),
        "argv": sys.orig_argv,
        "open": open_files(),
        "traffic": traffic,
    },
    sys.stdout,
)
