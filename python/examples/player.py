"""A program that plays: longplay play cue --policy "process:python3 python/examples/player.py"

It is told of each moment in a line of JSON, and answers with a line (docs/players.md). This one has no eyes: it writes down what happened,
finds again what it wrote, and opens the first door that is there.
"""
import json
import sys

actions = json.loads(sys.stdin.readline())["actions"]  # ["none", "LEFT", "RIGHT", "UP", "DOWN"]

for line in sys.stdin:
    moment = json.loads(line)
    happened, notes = moment["happened"], [note["text"] for note in moment["memory"]]
    at_doors = "doors" in happened or any("doors" in text for text in notes)
    answer = {
        "action": actions[1 + moment["step"] % (len(actions) - 1)] if at_doors else actions[0],
        "importance": 1 if happened else 0,  # what is important outlives what is not
        "thought": f"I remember {len(notes)} things" + (f", first: {notes[0]}" if notes else "."),
    }
    print(json.dumps(answer), flush=True)
