"""`velodepth web`: depth in the browser, computed by this machine or by the browser itself.

page/ holds what the browser gets; it needs no build step. vendor/README.md there names the code of others.
"""
