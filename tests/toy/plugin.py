"""Registers the toy: the module for DIFFVIZ_PLUGINS to name."""

from tests.toy import register

register()
