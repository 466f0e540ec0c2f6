"""The web page: a folder for each tab, and what carries them."""

import os

# Read by Gradio when it is imported. Its own analytics call an outside host and, cached for a
# short time only, make each event slower than the one before.
os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
os.environ.setdefault("GRADIO_ANALYTICS_CACHE_FREQUENCY", "1000000")
