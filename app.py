"""Starts diffviz's web page: `python app.py`."""

from diffviz.ui.server import serve

if __name__ == "__main__":
    serve()
