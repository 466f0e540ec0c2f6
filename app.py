"""Starts diffviz's web page: `python app.py`."""

from diffviz.web.address import address

if __name__ == "__main__":
    host, port = address()  # first: Gradio reads both when imported, and has no words for a bad one
    from diffviz.plugins import load_plugins

    load_plugins()
    from diffviz.ui.app import serve

    serve(host, port)
