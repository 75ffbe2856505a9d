"""The agent where process 1 is nothing else first: every image but Python's, and the local sandbox."""

import agent

agent.run()
