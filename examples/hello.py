"""The first program through Runnel: it shows where it runs, and that its output arrives as it is printed."""

import os
import platform
import sys
import time

print(f"Hello from Python {platform.python_version()} on {platform.node()}.")
print(f"I am user {os.getuid()}, and my folder is {os.getcwd()}.")

total = 0
for number in range(1, 6):
    total += number * number
    print(f"{number}² makes it {total}", flush=True)
    time.sleep(0.3)

print("That was live. Now send your own.", file=sys.stderr)
